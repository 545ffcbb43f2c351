"""Unikraft's uktest, with and without its log prefixes and colours."""

from __future__ import annotations

import pytest

from bootmatrix.protocols import MOST, CaseReport
from bootmatrix.protocols.uktest import parse
from bootmatrix.texts import clean

PLAIN = """\
[    0.100000] Info: test:\x1b[0m maths->adds: two numbers
[    0.100010] Info: \texpected `2` to be 2 and was 2 ............................... [ PASSED ]
[    0.100020] Info: test:\x1b[0m maths->divides
[    0.100030] Info: <init> \texpected `p` to be true {} [ {} ]
[    0.100040] Info: \t  in test_maths.c]:42]
[    0.100050] Info: [libuktest] <test.c @   80> uktest:suites:     {}1 total
[    0.100060] Info: [libuktest] <test.c @   93> uktest:cases:      {}2 total
"""
COLOURED = """\
\x1b[0m\x1b[36mtest:\x1b[0m maths->adds\r
\x1b[0m\texpected `2` to be 2 but was 3 ......... \x1b[1m\x1b[37m\x1b[41m FAILED \x1b[0m\x1b[0m\r
\x1b[0m\t  in \x1b[36mtest_maths.c\x1b[0m:\x1b[36m42\x1b[0m\r
uktest:cases:      \x1b[31m1 failed\x1b[0m, 1 total\r
"""
NEWER = "[    0.1] test: s->c\0\n[    0.1] \tomitted ..... [ {} ]\0\n[    0.1] uktest:cases:      {}1 total\0\n"


def uktest(text: str) -> CaseReport:
    return parse(clean(text.encode()))


def seen(told: CaseReport) -> list[tuple[str, str, str]]:
    return [(case.name, case.status, case.message) for case in told.cases]


def test_a_case_passes_if_all_its_assertions_do() -> None:
    told = uktest(PLAIN.format("....", "PASSED", "", ""))
    assert seen(told) == [("maths.adds", "passed", ""), ("maths.divides", "passed", "")]
    assert not told.trouble


def test_a_case_fails_with_its_assertion_and_place() -> None:
    told = uktest(PLAIN.format("....", "FAILED", "1 failed, ", "1 failed, "))
    assert seen(told)[1] == ("maths.divides", "failed", "expected `p` to be true (test_maths.c:42)")
    assert not told.trouble


def test_colours_change_nothing() -> None:
    assert seen(uktest(COLOURED)) == [("maths.adds", "failed", "expected `2` to be 2 but was 3 (test_maths.c:42)")]


@pytest.mark.parametrize(
    ("word", "counted", "status"),
    [("OMITTED", "", "passed"), ("OMITTED/PASSED", "", "passed"), ("OMITTED/FAILED", "1 failed, ", "failed")],
)
def test_an_omitted_assertion_fails_where_the_guest_says_so(word: str, counted: str, status: str) -> None:
    told = uktest(NEWER.format(word, counted))
    assert [case.status for case in told.cases] == [status]
    assert not told.trouble


def test_a_verdict_may_follow_other_text_on_its_line() -> None:
    told = uktest("test: s->c\napp says\tx is 1 but was 2 .... [ FAILED ]\nuktest:cases: 1 failed, 1 total\n")
    assert seen(told) == [("s.c", "failed", "x is 1 but was 2")]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("ERR:  [libuktest] <test.c @  168> Could not initialize test suite: foo", "foo.init"),
        ("CRIT: [libukmmap] <test_mmap.c @   42> Crashing on first failure!", "s.c"),
        ("CRIT: [libx] <x.c @   42> Assertion failure: p != NULL", "s.c"),
        ("\tx ..... [ FAILED ]", "s.c"),
    ],
)
def test_what_ends_a_suite_fails_a_case(line: str, name: str) -> None:
    told = uktest(f"test: s->c\n{line}\nuktest:cases: 1 total\n")
    assert [case.name for case in told.failed] == [name]


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", "no uktest line"),
        ("Hello\nCalling main(1, ['x'])\n", "no uktest line"),
        ("test: s->c\n\tx .... [ PASSED ]\n", "no 'uktest:cases' line"),
        ("test: s->c\nuktest:cases: 1 failed, 1 total\n", "counts 1 failed case in 0 suites, the console shows 0"),
        ("test: s->c\nuktest:suites: 1 failed, 1 total\nuktest:cases: 1 total\n", "the console shows 0"),
        ("test: s->c\nuktest:cases: 2 total\n", "counts 2 cases, the console shows 1"),
        ("uktest:cases: 2 total\ntest: s->c\ntest: s->d\n", "counts 2 cases, the console shows 0"),
        ("uktest:cases: 0 total\n", "uktest ran no case"),
        (f"test: s->c\nuktest:cases: {'9' * 5000} total\n", "no 'uktest:cases' line"),
    ],
)
def test_a_report_that_is_not_whole_is_trouble(text: str, trouble: str) -> None:
    assert trouble in uktest(text).trouble


def test_a_report_without_statistics_names_the_remedy() -> None:
    trouble = uktest("test: s->c\n\tx .... [ PASSED ]\n").trouble
    assert "CONFIG_LIBUKDEBUG_PRINTK_INFO=y" in trouble
    assert "CONFIG_LIBUKTEST_LOG_STATS=y" in trouble


@pytest.mark.parametrize(
    ("statistics", "trouble"),
    [
        (["1 failed, 1 total", "1 total"], "counts 1 failed case"),
        (["3 total", "1 total"], "counts 3 cases, the console shows 1"),
        (["1 total", "1 total"], ""),
        (["\u0661 total"], "no 'uktest:cases' line"),
    ],
)
def test_of_several_statistics_the_worst_counts(statistics: list[str], trouble: str) -> None:
    told = uktest("test: s->c\n" + "".join(f"uktest:cases: {counts}\n" for counts in statistics))
    assert (trouble in told.trouble) if trouble else not told.trouble


def test_suites_may_run_after_the_statistics() -> None:
    told = uktest("test: s->c\nuktest:cases: 1 total\ntest: t->d\n\tx .... [ FAILED ]\n")
    assert [case.name for case in told.failed] == ["t.d"]
    assert not told.trouble


def test_only_a_console_without_a_report_is_silent() -> None:
    assert uktest("Hello").silent
    assert not uktest("test: s->c").silent


def test_a_report_may_be_long_but_not_endless() -> None:
    assert "more than" in uktest("test: s->c\n" * (MOST + 1)).trouble


@pytest.mark.parametrize(
    "unit", ["x\n", "\n", "\t", "\t ", " .", "\t. \n", " test:", "\tin ", "test: a->", "CRIT:", "\tx ... [ FAILED ]\n"]
)
def test_a_hostile_report_is_read_in_linear_time(unit: str) -> None:
    assert uktest(unit * 300_000).trouble
    assert uktest((unit.strip("\n") * 200 + "[ PASSED\n") * 1_000).trouble
