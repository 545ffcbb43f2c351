"""kvm-unit-tests' console lines: `PASS: name`, `FAIL: name`, `SKIP: …` and `SUMMARY: N tests`.

Source of the format: kvm-unit-tests, lib/report.c.
"""

from __future__ import annotations

import re

from bootmatrix.model import Case
from bootmatrix.protocols import Told

LINE = re.compile(r"^(PASS|FAIL|SKIP|XFAIL|XPASS|KFAIL|ABORT): ?(.*)$", re.MULTILINE)
SUMMARY = re.compile(r"^SUMMARY: (\d+) tests(.*)$", re.MULTILINE)
UNEXPECTED = re.compile(r"(\d+) unexpected failures")
STATUS = {"PASS": "passed", "FAIL": "failed", "XPASS": "failed", "ABORT": "failed", "SKIP": "skipped"}
KNOWN = {"XFAIL": "an expected failure", "KFAIL": "a known failure"}  # counted by the guest as no failure


def parse(text: str) -> Told:
    """A guest that printed a summary has told all; XPASS counts as a failure, XFAIL and KFAIL do not."""
    cases = tuple(_case(found[1], found[2].strip()) for found in LINE.finditer(text))
    summaries = list(SUMMARY.finditer(text))
    if not cases and not summaries:
        return Told(trouble="the console shows no kvm-unit-tests line")
    if not summaries:
        return Told(cases, trouble="the console shows no SUMMARY line: the guest ended before its report did")
    unexpected = sum(int(found[1]) for summary in summaries if (found := UNEXPECTED.search(summary[2])))
    failed = sum(case.status == "failed" for case in cases)
    if unexpected and not failed:
        return Told(cases, trouble=f"the summary counts {unexpected} unexpected failures, but no line shows them")
    ran = sum(int(summary[1]) for summary in summaries)
    skipped = bool(cases) and all(case.status == "skipped" for case in cases)
    if skipped and ran == len(cases):
        return Told(cases, skipped=f"every case was skipped: {cases[0].name}")
    return Told(cases)


def _case(verdict: str, name: str) -> Case:
    return Case(
        name or "(unnamed)",
        STATUS.get(verdict, "skipped"),
        KNOWN.get(verdict, verdict if verdict != "PASS" else ""),
    )
