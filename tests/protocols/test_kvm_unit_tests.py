"""kvm-unit-tests' reports, lines as lib/report.c words them."""

from __future__ import annotations

import pytest

from bootmatrix.protocols import MOST, CaseReport, kvm_unit_tests, kvm_unit_tests_status


def kvm(text: str) -> CaseReport:
    return kvm_unit_tests.parse(text)


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("PASS: a: b", "passed", ""),
        ("FAIL: a: b", "failed", "FAIL"),
        ("XPASS: a: b", "failed", "XPASS"),
        ("ABORT: a: b", "failed", "ABORT"),
        ("SKIP: a: b", "skipped", "SKIP"),
        ("XFAIL: a: b", "skipped", "an expected failure"),
        ("KFAIL: a: b", "skipped", "a known failure"),
    ],
)
def test_a_line_is_a_case(line: str, status: str, message: str) -> None:
    told = kvm(f"enabling apic\n{line}\nINFO: not counted\nSUMMARY: 2 tests, 1 unexpected failures\n")
    assert [(case.name, case.status, case.message) for case in told.cases] == [("a: b", status, message)]


@pytest.mark.parametrize(
    "text",
    [
        "PASS: a\nSUMMARY: 1 tests\n",
        "PASS: a\nSUMMARY: 3 tests\n",
        "PASS: a\nSKIP: b\nXFAIL: c\nSUMMARY: 3 tests, 1 expected failures, 1 skipped\n",
        "SUMMARY: 5 tests\n",
        "PASS: a\nSUMMARY: 1 tests\nPASS: b\nSUMMARY: 2 tests\n",
        "PASS: a\nSUMMARY: 1 tests\n--- DONE: 0 ---\n",
    ],
)
def test_a_report_that_ends_in_a_summary_is_whole(text: str) -> None:
    told = kvm(text)
    assert (told.trouble, told.skipped, told.failed) == ("", "", [])


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", "no kvm-unit-tests line"),
        ("PASSED\n PASS: a\n", "no kvm-unit-tests line"),
        ("PASS: a\n", "no SUMMARY line"),
        ("PASS: a\nSUMMARY: 1 tests\nPASS: b\n", "no SUMMARY line at the end"),
        ("PASS: a\ntextSUMMARY: 1 tests\n", "no SUMMARY line"),
        ("PASS: a\nSUMMARY: 99999999999 tests\n", "no SUMMARY line"),
        ("PASS: a\nSUMMARY: 2 tests, 1 unexpected failures\n", "counts 1 unexpected failure, "),
        ("FAIL: a\nSUMMARY: 2 tests, 2 unexpected failures\n", "the lines show 1"),
    ],
)
def test_a_report_that_is_not_whole_is_trouble(text: str, trouble: str) -> None:
    assert trouble in kvm(text).trouble


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("PASS: a\nSUMMARY: 2 tests, 1 unexpected failures\nPASS: b\nSUMMARY: 3 tests\n", "counts 1 unexpected"),
        (
            "SUMMARY: 1 tests\nSUMMARY: 1 tests, 1 unexpected failures\nFAIL: a\nSUMMARY: 1 tests\n",
            "counts 1 unexpected",
        ),
        ("PASS: a\nSUMMARY: 1 tests\nSKIP: b\nSUMMARY: 1 tests, 1 skipped\n", ""),
        ("SKIP: b\nSUMMARY: 1 tests, 1 skipped\nSUMMARY: 1 tests\n", ""),
    ],
)
def test_of_several_summaries_the_worst_counts(text: str, trouble: str) -> None:
    told = kvm(text)
    assert (trouble in told.trouble) if trouble else not told.trouble
    assert not told.skipped


def test_a_report_without_an_end_names_the_remedy() -> None:
    assert "kvm-unit-tests-status" in kvm("PASS: a\n").trouble


@pytest.mark.parametrize("digits", ["\u0661", "\u00b9", "\uff11"])
def test_other_scripts_have_no_digits(digits: str) -> None:
    assert "no SUMMARY line" in kvm(f"PASS: a\nSUMMARY: {digits} tests\n").trouble


@pytest.mark.parametrize(
    ("text", "failed", "is_open"),
    [
        ("", 0, True),
        ("PASS: a\n", 0, True),
        ("FAIL: a\nPASS: b\n", 1, True),
        ("FAIL: a\nSUMMARY: 1 tests, 1 unexpected failures\n", 1, False),
        ("PASS: a\nSUMMARY: 1 tests\nPASS: b\n", 0, True),
    ],
)
def test_a_summary_may_be_left_out_where_the_status_decides(text: str, failed: int, is_open: bool) -> None:
    told = kvm_unit_tests_status.parse(text)
    assert (len(told.failed), told.open, told.trouble, told.silent) == (failed, is_open, "", False)


def test_a_failure_counts_even_if_the_summary_hides_it() -> None:
    assert kvm("FAIL: a\nSUMMARY: 1 tests\n").failed
    assert kvm("FAIL: a\nSUMMARY: 1 tests, 1 skipped\n").failed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SKIP: no pmu\nSUMMARY: 1 tests, 1 skipped\n", "every case was skipped: no pmu"),
        ("SUMMARY: 0 tests\n", "no case was run"),
    ],
)
def test_a_report_of_nothing_but_skips_is_skipped(text: str, reason: str) -> None:
    assert kvm(text).skipped == reason


def test_only_a_console_without_a_report_is_silent() -> None:
    assert kvm("Hello").silent
    assert not kvm("PASS: a").silent


def test_a_report_may_be_long_but_not_endless() -> None:
    assert "more than" in kvm("PASS: a\n" * (MOST + 1)).trouble


@pytest.mark.parametrize("unit", ["x\n", "\n", "PASS", "SUMMARY: 1 tests", "SUMMARY: ", "FAIL: ", "1 skipped "])
def test_a_hostile_report_is_read_in_linear_time(unit: str) -> None:
    assert kvm(unit * 300_000).trouble
    assert kvm("SUMMARY: 1 tests" + unit * 300_000)
