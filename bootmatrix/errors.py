"""Errors of bootmatrix itself: the user's, the infrastructure's, fatal ones. A failed boot is a result, no error."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


FEW = 24  # choices that are all told
MOST = 1000  # choices among which the nearest is looked for: that takes 10 µs for each
LONGEST = 64  # characters of a choice that are told


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
        return f"{printable(place)}{printable(self.what)}{remedy}"


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


class Fatal(InfrastructureError):
    """Nothing more can be done in this run: the disk is full, or the engine does not come back. Resuming may."""


def printable(text: str, limit: int = 500) -> str:
    """A text of the user's for a message: one line without control characters, of bounded length."""
    if len(text) > limit:
        text = f"{text[: limit * 2 // 3]} … {text[-limit // 3 :]}"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def suggest(word: str, choices: Iterable[str]) -> str:
    """The remedy for an unknown word: the nearest choice, and all of them when they are few."""
    known = sorted({printable(str(choice), LONGEST) for choice in choices})
    if not known:
        return ""
    close = get_close_matches(printable(word, LONGEST), known, n=1, cutoff=0.6) if len(known) <= MOST else []
    hint = f"did you mean '{close[0]}'? " if close else ""
    shown = known if len(known) <= FEW else [*known[:FEW], f"… ({len(known):,} in all)"]
    return f"{hint}possible: {', '.join(shown)}"
