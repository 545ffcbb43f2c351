"""Unikraft's uktest: `test: suite->case` lines, an assertion a line, and statistics that may come too early.

Source of the format: Unikraft, lib/uktest/test.c and include/uk/test.h, lib/ukdebug/print.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.model import CaseStatus
from bootmatrix.protocols import MOST, TOO_MANY, CaseReport, case, lines
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from bootmatrix.model import Case

COMPLAINTS = 10  # of a case
LONGEST = 400  # characters at a line's end that are looked at: Unikraft cuts its own lines at 192
START = re.compile(r"(?:^|\s)test:\s*([^\s:]+)->([^\s:]+)(?:: .*)?$")
VERDICT = re.compile(r"[ .\[](PASSED|FAILED|OMITTED(?:/PASSED|/FAILED)?) ?\]?$")
PLACE = re.compile(r"\t *in (\S+?)\]?:\]?([0-9]{1,9})\]?$")
INIT = re.compile(r"Could not initialize test suite: (\S+)")
CRASH = re.compile(r"(?:Assertion failure|Crashing on).*$")
COUNTED = re.compile(r"uktest:(suites|cases):\s+(?:([0-9]{1,9}) failed, )?([0-9]{1,9}) total")

NO_STATISTICS = (
    "the console shows no 'uktest:cases' line: the guest ended early, or its kernel prints none "
    "(build it with CONFIG_LIBUKDEBUG_PRINTK_INFO=y and CONFIG_LIBUKTEST_LOG_STATS=y)"
)


@dataclass
class _Open:
    name: str
    complaints: list[str] = field(default_factory=list)

    def complain(self, what: str) -> None:
        self.complaints = [*self.complaints, what][:COMPLAINTS]

    def close(self) -> Case:
        return case(self.name, CaseStatus.FAILED if self.complaints else CaseStatus.PASSED, "; ".join(self.complaints))


@dataclass
class _Reading:
    """What was read so far; `counted` are the guest's highest numbers (failed, total), `short` that a
    statistic has more cases than the console until then.
    """

    cases: list[_Open] = field(default_factory=list)
    counted: dict[str, tuple[int, int]] = field(default_factory=dict)
    short: str = ""


def parse(text: str) -> CaseReport:
    """A case fails if an assertion under it does; a suite whose set-up failed is a failed case of its own."""
    reading = _Reading()
    for line in lines(text):
        _read(reading, line[-LONGEST:])
        if len(reading.cases) > MOST:
            return CaseReport(trouble=TOO_MANY)
    cases = tuple(opened.close() for opened in reading.cases)
    if not cases and not reading.counted:
        return CaseReport(trouble="the console shows no uktest line", silent=True)
    return CaseReport(cases, _trouble(reading, sum(case.status == CaseStatus.FAILED for case in cases)))


def _read(reading: _Reading, line: str) -> None:
    cases = reading.cases
    if found := START.search(line):
        cases.append(_Open(f"{found[1]}.{found[2]}"))
    elif found := VERDICT.search(line):
        if found[1].endswith("FAILED"):
            _owner(cases).complain(line[: found.start()].rpartition("\t")[2].rstrip(" .["))
    elif (found := PLACE.search(line)) and cases and cases[-1].complaints:
        cases[-1].complaints[-1] += f" ({found[1]}:{found[2]})"
    elif found := INIT.search(line):
        cases.append(_Open(f"{found[1]}.init", ["the suite could not be set up"]))
    elif found := CRASH.search(line):
        _owner(cases).complain(found[0])
    elif found := COUNTED.search(line):
        _count(reading, found[1], int(found[2] or 0), int(found[3]))


def _count(reading: _Reading, what: str, failed: int, total: int) -> None:
    """Of several statistics the worst counts."""
    before = reading.counted.get(what, (0, 0))
    reading.counted[what] = (max(before[0], failed), max(before[1], total))
    if what == "cases" and total > len(reading.cases) and not reading.short:
        reading.short = f"uktest counts {how_many(total, 'case')}, the console shows {len(reading.cases):,}"


def _owner(cases: list[_Open]) -> _Open:
    if not cases:
        cases.append(_Open("(before the first case)"))
    return cases[-1]


def _trouble(reading: _Reading, failed: int) -> str:
    """Suites may run after the statistics, which count those before: the lines can show more, never less."""
    if "cases" not in reading.counted:
        return NO_STATISTICS
    failed_cases = reading.counted["cases"][0]
    failed_suites = reading.counted.get("suites", (0, 0))[0]
    if failed_cases > failed or (failed_suites and not failed):
        counts = f"{how_many(failed_cases, 'failed case')} in {how_many(failed_suites, 'suite')}"
        return f"uktest counts {counts}, the console shows {failed:,}"
    if reading.short:
        return reading.short
    return "" if reading.cases else "uktest ran no case"
