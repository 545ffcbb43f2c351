"""kvm-unit-tests' console lines: `PASS: name`, `FAIL: name`, `SKIP: …` and `SUMMARY: N tests`.

Source of the format: kvm-unit-tests, lib/report.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.model import CaseStatus
from bootmatrix.protocols import MOST, TOO_MANY, CaseReport, case
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from bootmatrix.model import Case

LINE = re.compile(
    r"^(?:(?P<verdict>PASS|FAIL|SKIP|XFAIL|XPASS|KFAIL|ABORT): ?(?P<name>[^\n]*)"
    r"|SUMMARY: (?P<ran>[0-9]{1,9}) tests(?P<parts>(?:, [0-9]{1,9} [a-z ]+)*))$",
    re.MULTILINE,
)
UNEXPECTED = re.compile(r"\b([0-9]{1,9}) unexpected failures")
SKIPPED = re.compile(r"\b([0-9]{1,9}) skipped")
STATUS = {
    "PASS": CaseStatus.PASSED,
    "FAIL": CaseStatus.FAILED,
    "XPASS": CaseStatus.FAILED,
    "ABORT": CaseStatus.FAILED,
    "SKIP": CaseStatus.SKIPPED,
}
KNOWN = {"XFAIL": "an expected failure", "KFAIL": "a known failure"}  # counted by the guest as no failure


@dataclass(frozen=True)
class Read:
    """What the lines tell; `ended` if the last of them is a summary, `trouble` if a summary counts other failures."""

    cases: tuple[Case, ...]
    summaries: int = 0
    ended: bool = False
    trouble: str = ""
    skipped: str = ""


def parse(text: str) -> CaseReport:
    """A guest whose last line is a summary has told all; XPASS counts as a failure, XFAIL and KFAIL do not."""
    found = read(text)
    if found is None:
        return CaseReport(trouble=TOO_MANY)
    if not found.summaries and not found.cases:
        return CaseReport(trouble="the console shows no kvm-unit-tests line", silent=True)
    if not found.ended:
        return CaseReport(
            found.cases,
            "the console shows no SUMMARY line at the end: the guest ended early; if it never prints one, use "
            "`cases: kvm-unit-tests-status`, which relies on the exit status",
        )
    return CaseReport(found.cases, found.trouble, found.skipped)


def read(text: str) -> Read | None:
    """Of several summaries each is held against the lines before it; None if there are too many cases."""
    cases: list[Case] = []
    failed, summaries, skipped, ended, trouble = 0, 0, 0, False, ""
    for found in LINE.finditer(text):
        ended = found["ran"] is not None
        if not ended:
            cases.append(_case(found["verdict"], found["name"]))
            failed += cases[-1].status == CaseStatus.FAILED
            if len(cases) > MOST:
                return None
            continue
        summaries += 1
        unexpected = _number(UNEXPECTED, found["parts"])
        skipped += int(found["ran"]) == _number(SKIPPED, found["parts"])
        if unexpected > failed:
            counts = how_many(unexpected, "unexpected failure")
            trouble = trouble or f"a summary counts {counts}, the lines show {failed:,}"
    none = skipped == summaries and not trouble and all(case.status == CaseStatus.SKIPPED for case in cases)
    why = f"every case was skipped: {cases[0].name}" if cases else "no case was run"
    return Read(tuple(cases), summaries, ended, trouble, why if summaries and none else "")


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0


def _case(verdict: str, name: str) -> Case:
    return case(name, STATUS.get(verdict, CaseStatus.SKIPPED), KNOWN.get(verdict, verdict if verdict != "PASS" else ""))
