"""kvm-unit-tests that print no summary: the status alone says how they ended, and a FAIL line is a failure as ever."""

from __future__ import annotations

from bootmatrix.protocols import TOO_MANY, CaseReport, kvm_unit_tests


def parse(text: str) -> CaseReport:
    """As kvm-unit-tests, but for the summary: it may be missing, and where it is there it counts."""
    found = kvm_unit_tests.read(text)
    if found is None:
        return CaseReport(trouble=TOO_MANY)
    return CaseReport(found.cases, found.trouble, found.skipped if found.ended else "", open=not found.ended)
