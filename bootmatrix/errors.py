"""The two ways in which bootmatrix itself can fail; a failed boot is neither."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Mark:
    """A place in a file; line and column count from 1, and 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what, where, what is possible and what to do."""

    what: str
    where: Mark | None = None
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n    {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{remedy}"


class BootmatrixError(Exception):
    """What `main` catches, prints and turns into `exit_code`."""

    exit_code: ClassVar[int]

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(Problem(p) if isinstance(p, str) else p for p in problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class UserError(BootmatrixError):
    """The matrix, the command line or a plug-in is wrong; nothing was lost."""

    exit_code = 2


class InfrastructureError(BootmatrixError):
    """An engine, a tool or this host failed; a retry may help."""

    exit_code = 3


def suggest(word: str, choices: Iterable[str]) -> str:
    """The remedy for an unknown word: the nearest choice, and all of them when they are few."""
    known = sorted({str(c) for c in choices})
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    hint = f"did you mean '{close[0]}'? " if close else ""
    if not known:
        return hint.strip()
    shown = known if len(known) <= 24 else [*known[:24], f"… ({len(known)} in all)"]  # noqa: PLR2004
    return f"{hint}possible: {', '.join(shown)}"
