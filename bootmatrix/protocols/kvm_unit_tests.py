"""kvm-unit-tests' console lines: `PASS: name`, `FAIL: name`, `SKIP: …` and `SUMMARY: N tests`.

Source of the format: kvm-unit-tests, lib/report.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootmatrix.protocols import MOST, TOO_MANY, Told, case

if TYPE_CHECKING:
    from bootmatrix.model import Case

LINE = re.compile(r"^(PASS|FAIL|SKIP|XFAIL|XPASS|KFAIL|ABORT): ?([^\n]*)$", re.MULTILINE)
SUMMARY = re.compile(r"^SUMMARY: ([0-9]{1,9}) tests((?:, [0-9]{1,9} [a-z ]+)*)$", re.MULTILINE)
UNEXPECTED = re.compile(r"\b([0-9]{1,9}) unexpected failures")
SKIPPED = re.compile(r"\b([0-9]{1,9}) skipped")
STATUS = {"PASS": "passed", "FAIL": "failed", "XPASS": "failed", "ABORT": "failed", "SKIP": "skipped"}
KNOWN = {"XFAIL": "an expected failure", "KFAIL": "a known failure"}  # counted by the guest as no failure


def parse(text: str) -> Told:
    """A guest whose last line is a summary has told all; XPASS counts as a failure, XFAIL and KFAIL do not."""
    cases: list[Case] = []
    at = 0
    for found in LINE.finditer(text):
        cases.append(_case(found[1], found[2]))
        at = found.end()
        if len(cases) > MOST:
            return Told(trouble=TOO_MANY)
    summary = None
    for summary in SUMMARY.finditer(text):  # noqa: B007  # it may print several, the last counts all
        pass
    if summary is None and not cases:
        return Told(trouble="the console shows no kvm-unit-tests line", silent=True)
    if summary is None or summary.start() < at:
        return Told(tuple(cases), "the console shows no SUMMARY line at the end: the guest ended before its report did")
    return _told(tuple(cases), int(summary[1]), summary[2])


def _told(cases: tuple[Case, ...], ran: int, parts: str) -> Told:
    """`parts` is what the summary says of its `ran` tests; passed ones may have no line, failed ones have."""
    unexpected, skipped = _number(UNEXPECTED, parts), _number(SKIPPED, parts)
    failed = sum(case.status == "failed" for case in cases)
    if unexpected > failed:
        return Told(cases, f"the summary counts {unexpected} unexpected failures, the lines show {failed}")
    if ran == skipped and not failed:
        return Told(cases, skipped=f"every case was skipped: {cases[0].name}" if cases else "no case was run")
    return Told(cases)


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0


def _case(verdict: str, name: str) -> Case:
    return case(name, STATUS.get(verdict, "skipped"), KNOWN.get(verdict, verdict if verdict != "PASS" else ""))
