"""Unikraft's uktest: `test: suite->case` lines, an assertion a line, and statistics that may come too early.

Source of the format: Unikraft, lib/uktest/test.c and include/uk/test.h, lib/ukdebug/print.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bootmatrix.model import Case
from bootmatrix.protocols import Told

START = re.compile(r"(?:^|\s)test:\s*([^\s:]+)->([^\s:]+)(?:: (.*))?$")
ASSERTION = re.compile(r"\t(.*?) \.+ ?\[? ?(PASSED|FAILED|OMITTED(?:/PASSED|/FAILED)?) ?\]?$")
PLACE = re.compile(r"\t\s*in (\S+?)\]?:\]?(\d+)\]?$")
INIT = re.compile(r"Could not initialize test suite: (\S+)")
CRASH = re.compile(r"CRIT:.*?((?:Assertion failure|Crashing on).*)$")
FAILED_CASES = re.compile(r"uktest:cases:\s+(?:(\d+) failed, )?(\d+) total")


@dataclass
class _Open:
    name: str
    complaints: list[str] = field(default_factory=list)

    def close(self) -> Case:
        return Case(self.name, "failed" if self.complaints else "passed", "; ".join(self.complaints))


def parse(text: str) -> Told:
    """A case fails if an assertion under it does; a suite whose set-up failed is a failed case of its own."""
    cases: list[_Open] = []
    counted: tuple[int, int] | None = None
    for line in text.splitlines():
        if found := START.search(line):
            cases.append(_Open(f"{found[1]}.{found[2]}"))
        elif found := ASSERTION.search(line):
            if found[2].endswith("FAILED"):
                _owner(cases).complaints.append(found[1])
        elif (found := PLACE.search(line)) and cases and cases[-1].complaints:
            cases[-1].complaints[-1] += f" ({found[1]}:{found[2]})"
        elif found := INIT.search(line):
            cases.append(_Open(f"{found[1]}.init", ["the suite could not be set up"]))
        elif (found := CRASH.search(line)) and cases:
            cases[-1].complaints.append(found[1])
        elif found := FAILED_CASES.search(line):
            counted = (int(found[1] or 0), int(found[2]))
    return _told(tuple(case.close() for case in cases), counted)


def _owner(cases: list[_Open]) -> _Open:
    if not cases:
        cases.append(_Open("(before the first case)"))
    return cases[-1]


def _told(cases: tuple[Case, ...], counted: tuple[int, int] | None) -> Told:
    """The guest's statistics may come before some suites: they can show more failures than the lines, never fewer."""
    if not cases and counted is None:
        return Told(trouble="the console shows no uktest line")
    failed = sum(case.status == "failed" for case in cases)
    if counted and counted[0] > failed:
        return Told(cases, trouble=f"uktest counts {counted[0]} failed cases, but the console shows {failed}")
    if not cases and counted and counted[1]:
        return Told(trouble=f"uktest counts {counted[1]} cases, but the console shows none of them")
    return Told(cases)
