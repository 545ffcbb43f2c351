"""Outcome, console and expectation in, verdict out."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging.judged import KVM_UNIT, Fixed, fields, judged

from bootmatrix import plugins
from bootmatrix.judging import verdict
from bootmatrix.matrix.keys.schema import TestFields
from bootmatrix.model import Ending, parse_outcome
from bootmatrix.watching.stop import Stop, StopKind

TAP = "1..2\nok 1 - a\n{} 2 - b\n"
ALL_SKIPPED = "1..0 # SKIP no device\n"


@pytest.mark.parametrize(
    ("says", "text", "expect", "wanted"),
    [
        ("exited(0)", "", {}, "passed"),
        ("exited(1)", "", {}, "failed"),
        ("crashed(SIGSEGV)", "", {}, "failed"),
        ("aborted", "", {"outcome": "aborted"}, "passed"),
        ("crashed(SIGSEGV)", "", {"outcome": "crashed"}, "passed"),
        ("crashed(SIGSEGV)", "", {"outcome": "crashed(SIGSYS)"}, "failed"),
        ("panicked(no root)", "", {"outcome": "panicked"}, "passed"),
        ("exited(3)", "", {"outcome": ["exited(0)", "exited(3)"]}, "passed"),
        ("exited(3)", "", {"outcome": "exited"}, "passed"),
        ("exited(3)", "", {"outcome": "failed"}, "passed"),
        ("exited(0)", "", {"outcome": "failed"}, "failed"),
        ("exited(0)", "", {"outcome": "exited(3)"}, "failed"),
        ("exited(unknown)", "", {"outcome": "failed"}, "failed"),
        ("exited(0)", "a SUCCESS", {"console": "SUCCESS"}, "passed"),
        ("exited(0)", "a FAILURE", {"console": "SUCCESS"}, "contradicted"),
        ("exited(1)", "a SUCCESS", {"console": "SUCCESS"}, "contradicted"),
        ("exited(1)", "a FAILURE", {"console": "SUCCESS"}, "failed"),
        ("crashed", "SUCCESS", {"console": "SUCCESS"}, "contradicted"),
        ("exited(0)", "b a", {"console": ["a", "b"]}, "contradicted"),
        ("exited(0)", "b a", {"console_any": ["a", "b"]}, "passed"),
        ("exited(0)", "b", {"console_any": ["a", "b"]}, "contradicted"),
        ("exited(0)", "a PANIC", {"console_not": "PANIC"}, "contradicted"),
        ("exited(0)", "aa", {"console": ["a", "a", "a"]}, "contradicted"),
        ("exited(0)", "x\n12 tests\n", {"console": {"regex": r"^\d+ tests$"}}, "passed"),
        ("exited(unknown)", "", {}, "contradicted"),
        ("exited(unknown)", "", {"console_not": "FAIL"}, "contradicted"),
        ("exited(unknown)", "", {"outcome": "exited"}, "contradicted"),
        ("exited(unknown)", "SUCCESS", {"console": "SUCCESS"}, "passed"),
        ("exited(unknown)", "", {"console": "SUCCESS"}, "contradicted"),
        ("rejected(no device)", "", {}, "error"),
        ("broken(no KVM)", "SUCCESS", {"console": "SUCCESS"}, "error"),
        ("rejected(no device)", "", {"outcome": "rejected"}, "passed"),
        ("skipped(by status)", "", {}, "skipped"),
    ],
)
def test_outcome_console_and_expectation_give_the_verdict(
    says: str, text: str, expect: dict[str, object], wanted: str
) -> None:
    assert judged(says, text, expect=expect).verdict == wanted


def test_a_contradiction_tells_both_sides() -> None:
    reason = judged("exited(0)", "a FAILURE", expect={"console": "SUCCESS"}).reason
    assert reason == "exited(0) as expected, but the console never shows 'SUCCESS'"


def test_a_hung_guest_is_hung_whatever_it_printed() -> None:
    ending = Ending(stopped="no end within 30 s", console="SUCCESS\nEXIT: STATUS=1\n")
    hung = verdict.judge(fields(expect={"console": "SUCCESS"}, **KVM_UNIT), Fixed(), ending)
    assert (hung.verdict, str(hung.outcome)) == ("timed out", "hung(no end within 30 s)")


@pytest.mark.parametrize(
    ("line", "outcome", "wanted"),
    [
        ("", "stopped", "passed"),
        ("EXIT: STATUS=1\n", "stopped", "passed"),
        ("EXIT: STATUS=3\n", "exited(3)", "failed"),
        ("EXIT: STATUS=9\n", "exited(9)", "failed"),
        ("EXIT: STATUS=1\nEXIT: STATUS=125\n", "crashed", "failed"),
    ],
)
def test_checks_that_pass_do_not_speak_for_a_guest_that_prints_its_failure(
    line: str, outcome: str, wanted: str
) -> None:
    stop = Stop(StopKind.CHECKED, "all checks are done")
    ending = Ending(stopped=stop.text, console=f"up\n{line}still there\n")
    found = verdict.judge(fields(expect={"outcome": "stopped"}, **KVM_UNIT), Fixed(), ending, stop)
    assert (found.outcome.kind, found.verdict) == (parse_outcome(outcome).kind, wanted)


def test_a_guest_may_be_expected_to_hang() -> None:
    ending = Ending(stopped="no console output for 2 s", console="about to hang")
    expected = fields(expect={"outcome": "hung", "console": "about to hang"})
    assert verdict.judge(expected, Fixed(), ending).verdict == "passed"


@pytest.mark.parametrize(
    ("says", "text", "keys", "wanted"),
    [
        ("exited(0)", TAP.format("ok"), {}, "passed"),
        ("exited(0)", TAP.format("not ok"), {}, "contradicted"),
        ("exited(1)", TAP.format("not ok"), {}, "failed"),
        ("exited(1)", TAP.format("ok"), {}, "contradicted"),
        ("exited(0)", "1..2\nok 1\n", {}, "contradicted"),
        ("exited(0)", "", {}, "contradicted"),
        ("exited(0)", ALL_SKIPPED, {}, "skipped"),
        ("exited(unknown)", ALL_SKIPPED, {}, "skipped"),
        ("crashed", ALL_SKIPPED, {}, "contradicted"),
        ("exited(0)", ALL_SKIPPED, {"console": "SUCCESS"}, "skipped"),
        ("exited(0)", ALL_SKIPPED + "PANIC", {"console_not": "PANIC"}, "contradicted"),
        ("skipped", "", {}, "skipped"),
        ("skipped", "1..2\nok 1\nnot ok 2\n", {}, "failed"),
        ("skipped", "1..2\nok 1\n", {}, "failed"),
        ("skipped", "Bail out! no memory\n", {}, "failed"),
        ("skipped", "PANIC", {"console_not": "PANIC"}, "failed"),
    ],
)
def test_the_guests_own_cases_count(says: str, text: str, keys: dict[str, object], wanted: str) -> None:
    assert judged(says, text, cases="tap", expect=keys).verdict == wanted


@pytest.mark.parametrize(("word", "wanted"), [("exited(007)", "exited(7)"), ("failed", "exited(1)"), ("hung", "hung")])
def test_outcomes_are_read_as_they_are_written(word: str, wanted: str) -> None:
    assert str(parse_outcome(word)) == wanted


@pytest.mark.parametrize(
    "word", ["exited(\u0661)", "exited(\u00b9)", "exited(x)", "exited(-1)", "died", "", f"exited({'9' * 5000})"]
)
def test_words_that_are_no_outcome_are_refused(word: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the word itself is the message
        parse_outcome(word)


@pytest.mark.parametrize(
    ("says", "wanted", "outcome"),
    [
        ("panicked([    0.412345] no init rip=0x104b22)", "passed", "panicked(no init)"),
        ("exited(0)", "timed out", "hung(no output followed a line that matches `panic`)"),
        ("broken(no KVM)", "timed out", "hung(no output followed a line that matches `panic`)"),
    ],
)
def test_a_boot_that_a_panic_ended_is_what_its_runner_says(says: str, wanted: str, outcome: str) -> None:
    expect = fields(expect={"outcome": "panicked"})
    said = verdict.judge(expect, Fixed(says), Ending(), Stop(StopKind.PANIC, ""))
    assert (said.verdict, str(said.outcome)) == (wanted, outcome)


@pytest.mark.parametrize("kind", ["panicked", "crashed"])
def test_what_differs_from_boot_to_boot_is_evidence(kind: str) -> None:
    said = [
        judged(f"{kind}([    0.{n}12345] CPU: {n} trap at rip=0x{n}04b22, pid {n})", f"{n}\nEXIT: STATUS=1\n", **keys)
        for n in range(1, 4)
        for keys in ({}, KVM_UNIT)
    ]
    assert {each.outcome.detail for each in said} == {"trap"}
    assert len({each.reason for each in said}) == 2
    assert all("rip=0x" in each.outcome.evidence for each in said)


@pytest.mark.parametrize("arch", ["x86_64", "aarch64", "riscv64"])
def test_a_guest_that_shows_all_and_does_not_end_is_told_how_it_ends_there(arch: str) -> None:
    ending = Ending(stopped="no end within 30 s", console="SUCCESS\n", arch=arch)
    qemu = plugins.make_runner("qemu", {}, Path(__file__).parent)
    reason = verdict.judge(fields(expect={"console": "SUCCESS"}), qemu, ending).reason
    assert reason.startswith("no end within 30 s, although the console shows all that is expected; does it ")
    assert ("isa-debug-exit at 0x501" in reason) == (arch == "x86_64")


def test_a_guest_that_does_not_show_all_is_told_what_is_missing() -> None:
    ending = Ending(stopped="no end within 30 s", console="SUCCES\n", arch="x86_64")
    reason = verdict.judge(fields(expect={"console": "SUCCESS"}), Fixed(), ending).reason
    assert reason == "no end within 30 s; the console never shows 'SUCCESS' (the nearest line is 'SUCCES')"
    assert verdict.judge(fields(), Fixed(), ending).reason == "no end within 30 s"


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_console_is_told_once(text: str) -> None:
    reason = judged("exited(0)", text, expect={"console": "a", "console_any": ["b", "c"]}).reason
    assert reason.endswith("'a'; the console never shows 'b'; the console never shows 'c'; the console is empty")
    assert "empty" not in judged("exited(0)", text, expect={"console_not": "a"}).reason


@pytest.mark.parametrize(
    ("says", "skip", "wanted"),
    [
        ("rejected('vsock' is not a valid device model name)", "is not a valid device", "skipped"),
        ("rejected(invalid option)", {"regex": "^invalid .*"}, "skipped"),
        ("rejected(the words)", ["-nosuch: invalid"], "skipped"),
        ("rejected(invalid kernel header)", "is not a valid device", "error"),
        ("rejected(invalid kernel header)", [], "error"),
        ("broken(is not a valid device)", "is not a valid device", "error"),
        ("exited(1)", {"regex": "."}, "failed"),
    ],
)
def test_the_matrix_may_call_a_refusal_a_skip(says: str, skip: object, wanted: str) -> None:
    ending = Ending(status=1, tender="qemu-system-x86_64: -nosuch: invalid option\n")
    said = verdict.judge(fields(skip_rejected=skip), Fixed(says), ending)
    assert said.verdict == wanted
    assert wanted == "failed" or said.reason in says


@pytest.mark.parametrize(
    ("says", "text", "wanted"),
    [
        ("exited(0)", "", "passed"),
        ("exited(0)", "PASS: a\n", "passed"),
        ("exited(0)", "PASS: a\nFAIL: b\n", "contradicted"),
        ("exited(1)", "PASS: a\nFAIL: b\n", "failed"),
        ("exited(1)", "PASS: a\n", "failed"),
        ("exited(1)", "PASS: a\nSUMMARY: 1 tests\n", "contradicted"),
        ("exited(0)", "PASS: a\nSUMMARY: 2 tests, 1 unexpected failures\n", "contradicted"),
        ("exited(unknown)", "PASS: a\n", "contradicted"),
        ("exited(0)", "SKIP: a\nSUMMARY: 1 tests, 1 skipped\n", "skipped"),
    ],
)
def test_without_a_summary_the_status_alone_decides_where_the_matrix_says_so(says: str, text: str, wanted: str) -> None:
    assert judged(says, text, cases="kvm-unit-tests-status").verdict == wanted


def test_the_tenders_own_words_can_be_asked_for() -> None:
    fields = TestFields.model_validate({"expect": {"outcome": "crashed(*fault*)", "tender": "translation fault"}})
    right = Ending(status=1, tender="solo5-hvt: KVM: host/guest translation fault: rip=0x1\n")
    other = Ending(status=1, tender="solo5-hvt: KVM: unhandled exit: exit_reason=0x6, rip=0x1\n")
    hvt = plugins.make_runner("solo5-hvt", {}, Path(__file__).parent)
    assert verdict.judge(fields, hvt, right).verdict == "passed"
    assert verdict.judge(fields, hvt, other).verdict == "failed"
