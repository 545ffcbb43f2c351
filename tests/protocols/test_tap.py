"""Edge cases of the TAP 14 specification, and of guests that do not follow it."""

from __future__ import annotations

import pytest

from bootmatrix.protocols import LONGEST, MOST, CaseReport
from bootmatrix.protocols.tap import parse
from bootmatrix.texts import clean


def tap(text: str) -> CaseReport:
    return parse(text)


def seen(told: CaseReport) -> list[tuple[str, str, str]]:
    return [(case.name, case.status, case.message) for case in told.cases]


@pytest.mark.parametrize(
    ("line", "name", "status", "message"),
    [
        ("ok 1 - a name", "a name", "passed", ""),
        ("ok 1 a name", "a name", "passed", ""),
        ("ok - 3 sheets", "3 sheets", "passed", ""),
        ("ok 1 - 3 sheets", "3 sheets", "passed", ""),
        ("ok", "test 1", "passed", ""),
        ("ok 1", "test 1", "passed", ""),
        ("ok 1.5 seconds", "1.5 seconds", "passed", ""),
        ("not ok 1 - a name", "a name", "failed", ""),
        ("ok 1 - a # SKIP no net", "a", "skipped", "no net"),
        ("ok 1 - a # Skipped: no net", "a", "skipped", "no net"),
        ("ok 1 # SKIP", "test 1", "skipped", "skip"),
        ("ok 1 - # SKIP why", "test 1", "skipped", "why"),
        ("not ok 1 - a # SKIP no net", "a", "skipped", "no net"),
        ("not ok 1 - a # TODO later", "a", "skipped", "later"),
        ("not ok 1 - a # todo", "a", "skipped", "todo"),
        ("ok 1 - a # TODO later", "a", "passed", "later"),
        ("not ok 1 - a # TODOs remain", "a # TODOs remain", "failed", ""),
        ("not ok 1 - a # why", "a # why", "failed", ""),
        (r"not ok 1 - a \# SKIP b", "a # SKIP b", "failed", ""),
        (r"not ok 1 - a \\# SKIP b", r"a \# SKIP b", "failed", ""),
        (r"not ok 1 - a \\ # SKIP b", "a \\", "skipped", "b"),
        ("not ok 1 - http://x/#skip it", "http://x/#skip it", "failed", ""),
        ("ok 1 - c#1 issue", "c#1 issue", "passed", ""),
    ],
)
def test_a_point_is_read_as_the_specification_says(line: str, name: str, status: str, message: str) -> None:
    told = tap(f"TAP version 14\n1..1\n{line}\n")
    assert seen(told) == [(name, status, message)]
    assert not told.trouble


@pytest.mark.parametrize(
    "line",
    [
        "okay then",
        "not okay",
        "OK 1",
        "Not ok 1",
        "not  ok 1",
        " ok 1",
        "    ok 1 - of a subtest",
        "[    0.1] ok 1",
        "1..3 ok",
        "ok1",
        "ok.",
        "pragma +strict",
        "TAP version 12",
        "# a comment",
    ],
)
def test_a_line_that_is_no_point_is_none(line: str) -> None:
    told = tap(f"{line}\n")
    assert not told.cases
    assert told.trouble


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", "the console shows no TAP"),
        ("Hello\nSUCCESS\n", "the console shows no TAP"),
        ("ok 1\n", "no plan"),
        ("1..2\nok 1\n", "promises 2 tests, the report has 1"),
        ("1..1\nok 1\nok 2\n", "promises 1 test, the report has 2"),
        ("1..1\n", "promises 1 test, the report has 0"),
        ("1..0\nok 1\n", "promises 0 tests, the report has 1"),
        ("ok 1\n1..2\nok 2\n", "plan line is between the tests"),
        ("1..1\n1..1\nok 1\n", "two plan lines"),
        ("1..2\nok 1\nok 1\n", "not 1 to 2"),
        ("1..2\nok 1\nok 3\n", "not 1 to 2"),
        ("1..1\nok 0\n", "not 1 to 1"),
        ("1..1\nok 99999999999999999999 - a\n", "not 1 to 1"),
        (f"1..1\nok {'9' * 10_000}\n", "not 1 to 1"),
        (f"1..{'9' * 10_000}\nok 1\n", "promises"),
        ("1..1x\nok 1\n", "no plan"),
        ("2..2\nok 2\n", "no plan"),
        ("Bail out! no memory\n", "Bail out! no memory"),
        ("1..1\nok 1\nBail out!\n", "Bail out!"),
        ("1..1\nok 1\nbail out! lower\n", "Bail out! lower"),
        ("1..1\nok 1\n    Bail out! in a subtest\n", "in a subtest"),
        ("1..1\nok 1\n  ---\nBail out! after an open block\n", "after an open block"),
        ("Bail out!\n1..1\nok 1\n", "Bail out!"),
    ],
)
def test_a_report_that_is_not_whole_is_trouble(text: str, trouble: str) -> None:
    assert trouble in tap(text).trouble


@pytest.mark.parametrize(
    "text",
    [
        "1..2\nok 1\nok 2\n",
        "ok 1\nok 2\n1..2\n",
        "1..2\nok 2\nok 1\n",
        "1..2\nok\nok\n",
        "1..2\r\nok 1\r\nok 2\r\n",
        "1..2\rok 1\rok 2\r",
        "boot\n\x1b[32mTAP version 13\x1b[0m\nTAP version 13\n1..2\nnoise\nok 1\n\nok 2",
        "1..2 # two\nok 1\n  ---\n  ok 2\n  1..7\n  ...\nok 2\n",
        "1..2\nok 1\n  ---\n  never: closed\nok 2\n",
        "1..2\n    # Subtest: a\n    not ok 1\n    1..1\nok 1 - a\nok 2\n",
        "1..2\nok 1\n---\nok 2\n",
    ],
)
def test_a_whole_report_passes_amid_whatever_else_is_printed(text: str) -> None:
    told = tap(clean(text.encode()))
    assert [case.status for case in told.cases] == ["passed", "passed"]
    assert (told.trouble, told.skipped, told.silent) == ("", "", False)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("1..0", "the guest skipped all its tests"),
        ("1..0 # SKIP no device", "no device"),
        ("1..0 # Skipped: no device", "no device"),
        ("1..0 no device", "no device"),
        ("1..0 # no device", "no device"),
    ],
)
def test_an_empty_plan_skips_all(plan: str, reason: str) -> None:
    told = tap(f"TAP version 13\n{plan}\n")
    assert (told.skipped, told.trouble) == (reason, "")


def test_only_a_console_without_tap_is_silent() -> None:
    assert tap("Hello").silent
    assert not tap("1..2\n").silent
    assert not tap("Bail out!").silent


def test_other_line_ends_of_unicode_make_no_lines() -> None:
    assert tap("1..1\nnot ok 1 - a\u2028ok 2\x85ok 3\n").failed


def test_a_long_name_is_cut() -> None:
    (case,) = tap(f"1..1\nok 1 - {'x' * 1_000_000}\n").cases
    assert len(case.name) == LONGEST + 1


def test_a_report_may_be_long_but_not_endless() -> None:
    points = "".join(f"ok {number}\n" for number in range(1, MOST + 1))
    assert not tap(f"1..{MOST}\n{points}").trouble
    assert "more than" in tap(points * 3).trouble


@pytest.mark.parametrize("unit", ["ok\n", "x\n", "\n", " ", "#", " # ", "ok # SKIP ", "\\", "not ", "1.."])
def test_a_hostile_report_is_read_in_linear_time(unit: str) -> None:
    assert tap(unit * 300_000).trouble
    assert tap("ok 1 " + unit * 300_000).trouble
