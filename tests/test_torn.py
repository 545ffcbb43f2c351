"""TAP on a console that a kernel writes to as well: a report that may hide a failure is never a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bootmatrix import torn
from bootmatrix.protocols.tap import parse
from bootmatrix.texts import clean

if TYPE_CHECKING:
    from bootmatrix.protocols import CaseReport

MESSAGES = [
    "[    3.141592] random: crng init done\n",
    "[    3.141592][    T1] random: crng init done\n",
    "<6>[    3.141592] random: crng init done\n",
    "[    3.141592] a\n[    3.141593] b\n",
    "\n[    3.141592] random: crng init done\n",
    "[    3.1415926] random: crng init done\n",
    "random: crng init done\n",
    "\r\n",
    "\r",
]
FAILING = [
    "TAP version 14\n1..2\nok 1 - a\nnot ok 2 - b\n",
    "TAP version 14\n1..2\nnot ok 1 - a\nok 2 - b\n",
    "ok 1 - a\nnot ok 2 - b\nok 3 - c\n1..3\n",
    "1..1\nnot ok\n",
    "1..2\nok 1\nok 2\nBail out! no memory\n",
    "1..12\nok 1 - a\n",
    "1..2\n    # Subtest: a\n    1..1\n    not ok 1 - x\nnot ok 1 - a\nok 2 - b\n",
]
KTAP = """\
[    0.051001][    T0] printk: legacy console [ttyS0] enabled
[    0.200001][    T1] KTAP version 1
[    0.200002][    T1] 1..2
[    0.200003][    T1]     KTAP version 1
[    0.200004][    T1]     # Subtest: ring
[    0.200005][    T1]     1..2
[    0.200006][    T1]     ok 1 push_pop
[    0.200007][    T1]     ok 2 wraps
[    0.200008][    T1] # ring: pass:2 fail:0 skip:0 total:2
[    0.200009][    T1] {}ok 1 ring
[    0.200014][    T1] ok 2 pages # SKIP no MMU
[    0.300000][    T1] reboot: Power down
"""


def tap(text: str) -> CaseReport:
    return parse(clean(text.encode()))


def passes(told: CaseReport) -> bool:
    return not told.failed and not told.trouble


def seen(told: CaseReport) -> list[tuple[str, str, str]]:
    return [(case.name, case.status, case.message) for case in told.cases]


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("report", FAILING)
def test_wherever_a_message_cuts_a_failing_report_it_is_no_pass(report: str, message: str) -> None:
    torn_ones = [report[:at] + message + report[at:] for at in range(len(report) + 1)]
    assert [text for text in torn_ones if passes(tap(text))] == []


@pytest.mark.parametrize("report", FAILING)
def test_a_failing_report_that_is_cut_twice_is_no_pass(report: str) -> None:
    message = MESSAGES[0]
    for first in range(len(report)):
        for second in range(first, min(first + 12, len(report))):
            assert not passes(tap(report[:first] + message + report[first:second] + message + report[second:]))


@pytest.mark.parametrize("message", ["[    3.141592] random: crng init done\n", "<6>[    3.141592][   C0] x: y\n"])
def test_between_the_lines_of_a_good_report_a_message_changes_nothing(message: str) -> None:
    report = "TAP version 14\n1..2\nok 1 - a\nok 2 - b\n"
    whole = [at for at in range(len(report) + 1) if at == 0 or report[at - 1] == "\n"]
    for at in whole:
        assert seen(tap(report[:at] + message + report[at:])) == seen(tap(report))
        assert passes(tap(report[:at] + message + report[at:]))


def test_a_case_whose_words_are_cut_keeps_its_status() -> None:
    told = tap("1..2\nok 1 - keeps wh[    3.141592] random: # SKIP x\nat was written\nnot ok 2 - b[    3.2] # TODO x\n")
    assert seen(told)[0] == ("keeps wh", "passed", "")
    told = tap("1..1\nnot ok 1 - b[    3.141592] driver: # SKIP none\n\n")
    assert seen(told) == [("b", "failed", "")]


@pytest.mark.parametrize(
    "line",
    [
        "not",
        "not ",
        "not o",
        "not random: crng init done",
        "\x1b[31mnot \x1b[0m",
        "    not [    3.141592] x",
        "progress ... not [    3.141592] x",
        "progress ... not ",
        "1..1[    3.141592] x",
        "Bail o[    3.141592] x",
        "B[    3.141592] x\nail out! no memory",
        "Bail out",
    ],
)
def test_a_line_that_may_be_a_part_of_a_failure_is_told(line: str) -> None:
    told = tap(f"1..2\nok 1 - a\n{line}\nok 2 - b\n")
    assert "looks like a failure, plan or bail-out" in told.trouble
    assert "quiet" in told.trouble


@pytest.mark.parametrize(
    "line",
    [
        "nothing to do",
        "note: not ok is a failure",
        "# it is not\n",
        "[    3.141592] swap: not found",
        "[    3.141592] whether it is there or not",
        "to be or not",
        "  not: a key of a block",
        "failing out loud",
        "Bailiwick",
        "12",
    ],
)
def test_other_lines_cast_no_doubt(line: str) -> None:
    assert passes(tap(f"1..2\nok 1 - a\n{line}\nok 2 - b\n"))


def test_what_follows_the_last_case_tears_none() -> None:
    assert passes(tap("1..1\nok 1\nnot syncing disks\n"))


def test_a_plan_whose_number_goes_on_is_trouble() -> None:
    assert "looks like a failure, plan or bail-out" in tap("1..1\n[    3.141592] x\n2\nok 1 - a\n").trouble
    assert "looks like a failure, plan or bail-out" in tap("1..1 random: crng init done\nok 1 - a\n").trouble
    assert passes(tap("1..1 # one\nok 1 - a\n"))


def test_a_kernels_own_report_is_read_through_its_time_stamps() -> None:
    told = tap(KTAP.format(""))
    assert seen(told) == [("ring", "passed", ""), ("pages", "skipped", "no MMU")]
    assert (told.trouble, told.skipped) == ("", "")
    assert [case.name for case in tap(KTAP.format("not ")).failed] == ["ring"]


@pytest.mark.parametrize("prefix", ["<6>", "[    1.234567] ", "<6>[    1.234567] ", "[    1.234567][   C0] "])
def test_levels_and_time_stamps_are_no_part_of_a_line(prefix: str) -> None:
    lines = ["KTAP version 1", "1..2", "    ok 1 inner", "ok 1 test", "not ok 2 test"]
    told = tap("".join(f"{prefix}{line}\n" for line in lines))
    assert [case.status for case in told.cases] == ["passed", "failed"]
    assert told.trouble == ""


def test_two_messages_on_one_line_are_two() -> None:
    assert tap("1..1\n[    1.000001] usb[    1.000002] not ok 1 x\n").failed


@pytest.mark.parametrize(
    ("text", "statuses", "trouble"),
    [
        ("TAP version 13\n1..1\nok 1\nTAP version 13\n1..2\nok 1\nok 2\n", "ppp", ""),
        ("KTAP version 1\n1..1\nnot ok 1\nKTAP version 1\n1..1\nok 1\n", "fp", ""),
        ("TAP version 13\n1..2\nok 1\nTAP version 13\n1..1\nok 1\n", "pp", "promises 2 tests, the report has 1"),
        ("TAP version 13\n1..1\nok 1\nTAP version 13\n1..2\nok 1\n", "pp", "report 2: the plan promises 2"),
        ("1..1\nok 1\n1..1\nok 1\n", "pp", ""),
        ("ok 1\n1..1\nok 1\nok 2\n1..2\n", "ppp", ""),
        ("ok 1\n1..1\nnot ok 1\n1..1\n", "pf", ""),
        ("1..0 # SKIP no net\n1..1\nok 1\n", "p", ""),
        ("1..1\nok 1\n1..0 # SKIP no net\n", "p", ""),
        ("1..1\nok 1\nTAP version 13\n", "p", ""),
        ("1..1\nok 1\nTAP version 13\nBail out! b\n", "p", "Bail out! b"),
    ],
)
def test_of_several_reports_all_count(text: str, statuses: str, trouble: str) -> None:
    told = tap(text)
    assert "".join(case.status[0] for case in told.cases) == statuses
    assert (trouble in told.trouble) if trouble else not told.trouble
    assert not told.skipped


def test_several_reports_that_skip_all_are_skipped() -> None:
    assert tap("1..0 # SKIP no net\n1..0 # SKIP no disk\n").skipped == "no net"


@pytest.mark.parametrize(
    "unit", ["not ", "[    3.141592] ", "<6>", "[ ", "1..0\n", "not\n", "Bail ", "ok 1[    3.141592] "]
)
def test_a_hostile_console_is_read_in_linear_time(unit: str) -> None:
    assert tap(unit * 100_000) is not None
    assert torn.unstamped("x" + unit * 100_000)
