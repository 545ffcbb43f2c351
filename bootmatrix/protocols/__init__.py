"""How guests report test cases on their console: one file for each protocol, each with `parse(text) -> CaseReport`.

A protocol is found by being here, or in the folder `protocols/` beside matrix.yaml. `text` is the cleaned console: no
ANSI codes, lines ended by a newline. A guest wrote it: the time must be linear in its length, whatever it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.model import Case, CaseStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 100_000  # cases in a report
TOO_MANY = f"the guest reports more than {MOST:,} cases"
LONGEST = 300  # characters of a case's name, and of its message
STATUSES = tuple(CaseStatus)


@dataclass(frozen=True)
class CaseReport:
    """The guest's own test cases; `trouble` says why the report is not whole, `skipped` why all of it was skipped.

    `silent`: there is no report, not even the beginning of one. `open`: it says nothing of its own end, so that only
    the guest's status tells whether that was the end of its tests.
    """

    cases: tuple[Case, ...] = ()
    trouble: str = ""
    skipped: str = ""
    silent: bool = False
    open: bool = False

    @property
    def failed(self) -> list[Case]:
        return [case for case in self.cases if case.status == CaseStatus.FAILED]


def case(name: str, status: str, message: str = "") -> Case:
    """A case with texts that the guest wrote, cut to what a report can bear; `status` is one of STATUSES."""
    return Case(cut(name) or "(unnamed)", status, cut(message))


def cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def lines(text: str) -> Iterator[str]:
    """The lines that are not empty, one at a time: a list of them could need many times the console's memory."""
    return (found[0] for found in re.finditer(r"[^\n]+", text))
