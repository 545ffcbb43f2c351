"""What a guest's exit status, its status line and `exit_codes` give together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from judging.judged import KVM_UNIT, Fixed, Hiding, fields, judged

from bootmatrix import texts
from bootmatrix.judging import verdict
from bootmatrix.model import Ending, Outcome
from bootmatrix.watching.stop import Stop, StopKind


@pytest.mark.parametrize(
    ("status", "says", "text", "wanted"),
    [
        (1, "exited(0)", "", "passed"),
        (3, "exited(1)", "", "failed"),
        (77, "exited(38)", "", "skipped"),
        (127, "exited(63)", "", "failed"),
        (0, "exited(0)", "EXIT: STATUS=1\n", "passed"),
        (0, "exited(0)", "EXIT: STATUS=3\n", "failed"),
        (0, "exited(0)", "EXIT: STATUS=77\n", "skipped"),
        (0, "exited(0)", "EXIT: STATUS=0\n", "passed"),
        (0, "exited(0)", "", "contradicted"),
        (0, "exited(0)", "EXIT: STATUS=\n", "contradicted"),
        (0, "exited(0)", "EXIT: STATUS=99999999999\n", "contradicted"),
        (1, "exited(0)", "EXIT: STATUS=3\n", "contradicted"),
        (3, "exited(1)", "EXIT: STATUS=1\n", "contradicted"),
        (3, "exited(1)", "EXIT: STATUS=3\n", "failed"),
        (0, "crashed(reset)", "EXIT: STATUS=1\n", "contradicted"),
        (0, "crashed(reset)", "", "failed"),
        (1, "panicked(Kernel panic)", "", "failed"),
        (1, "panicked(Kernel panic)", "EXIT: STATUS=1\n", "contradicted"),
        (0, "exited(0)", "EXIT: STATUS=1\nEXIT: STATUS=1\n", "passed"),
        (0, "exited(0)", "EXIT: STATUS=3\nEXIT: STATUS=1\n", "contradicted"),
        (0, "exited(0)", "EXIT: STATUS=1\nEXIT: STATUS=3\n", "contradicted"),
        (0, "exited(0)", "unterminatedEXIT: STATUS=1", "passed"),
        (0, "broken(QEMU was ended from outside)", "EXIT: STATUS=1\n", "error"),
    ],
)
def test_exit_status_and_status_line_must_agree(status: int, says: str, text: str, wanted: str) -> None:
    assert judged(says, text, status, **KVM_UNIT).verdict == wanted


@pytest.mark.parametrize(
    "raw", [b"EXIT: STATUS=1\r\n", b"EXIT: \x1b[32mSTATUS=\x1b[0m1\r\n", b"\x00EXIT: STATUS=1\x00"]
)
def test_the_status_line_is_found_amid_what_a_terminal_does_not_show(raw: bytes) -> None:
    assert judged("exited(0)", texts.clean(raw), **KVM_UNIT).verdict == "passed"


@pytest.mark.parametrize(
    ("codes", "status", "says", "wanted"),
    [
        ({"0": "failed"}, 0, "exited(0)", "exited(1)"),
        ({"1": "failed"}, 1, "exited(0)", "exited(1)"),
        ({"0": "passed"}, 0, "crashed(reset)", "crashed(reset)"),
        ({"0": "passed"}, 0, "panicked(x)", "panicked(x)"),
        ({"1": "passed"}, 1, "crashed(translation fault)", "crashed(translation fault)"),
        ({"1": "passed"}, 1, "rejected(no device)", "rejected(no device)"),
        ({"0": "passed"}, 0, "exited(256)", "exited(256)"),
        ({"139": "aborted"}, None, "exited(139)", "aborted"),
        ({"5": "exited(7)"}, 5, "exited(2)", "exited(7)"),
    ],
)
def test_exit_codes_translate_what_a_guest_said_and_overrule_no_crash(
    codes: dict[str, str], status: int | None, says: str, wanted: str
) -> None:
    assert str(judged(says, "", status, exit_codes=codes).outcome) == wanted


@dataclass(frozen=True)
class Witness(Fixed):
    """A backend whose tender's status is another number than the guest's, or that doubts what it saw."""

    status: str = ""
    disputed: str = ""

    def outcome(self, ending: Ending) -> Outcome:
        return replace(super().outcome(ending), status=self.status, disputed=self.disputed)


@pytest.mark.parametrize(
    ("shown", "says", "full", "wanted", "reason"),
    [
        (1, "exited(0)", 1, "passed", "exited(0)"),
        (1, "exited(128)", 257, "failed", "exited(128), QEMU's status 257, instead of exited(0)"),
        (77, "exited(166)", 333, "failed", "exited(166), QEMU's status 333, instead of exited(0)"),
        (1, "exited(16)", 33, "failed", "exited(16), QEMU's status 33, instead of exited(0)"),
        (3, "exited(1)", 3, "failed", "exited(1), QEMU's status 3, instead of exited(0)"),
        (3, "exited(3)", 3, "failed", "exited(3) instead of exited(0)"),
        (0, "exited(1)", 3, "failed", "exited(1), QEMU's status 3, instead of exited(0)"),
        (0, "exited(0)", 1, "passed", "exited(0)"),
    ],
)
def test_exit_codes_mean_the_tenders_status_in_full(shown: int, says: str, full: int, wanted: str, reason: str) -> None:
    """`failed` keeps the guest's own number."""
    runner = Witness(says, status=f"QEMU's status {full}")
    told = verdict.judge(fields(**KVM_UNIT), runner, Ending(status=shown))
    assert (told.verdict, told.reason) == (wanted, reason)


@pytest.mark.parametrize("outcome", ["passed", "failed", "exited", "aborted"])
@pytest.mark.parametrize("says", ["exited(0)", "exited(1)", "aborted", "exited(unknown)"])
def test_what_is_disputed_never_passes(says: str, outcome: str) -> None:
    expects = fields(expect={"outcome": outcome, "console": "SUCCESS"}, exit_codes={"0": "passed"})
    told = verdict.judge(expects, Witness(says, disputed="two words"), Ending(status=0, console="SUCCESS"))
    assert (told.verdict, told.reason) == ("contradicted", "two words")


def test_an_unknown_status_is_not_read_by_exit_codes() -> None:
    told = verdict.judge(fields(**KVM_UNIT), Fixed("exited(unknown)"), Ending(status=1))
    assert told.verdict == "contradicted"


def test_a_tender_that_hides_the_status_leaves_exit_codes_to_the_outcome() -> None:
    codes = fields(exit_codes={"83": "failed", "77": "skipped"})
    assert verdict.judge(codes, Hiding("exited(0)"), Ending(status=83)).verdict == "passed"
    assert verdict.judge(codes, Hiding("exited(77)"), Ending(status=83)).verdict == "skipped"


@pytest.mark.parametrize(("text", "wanted"), [("EXIT: STATUS=1\n", "passed"), ("EXIT: STATUS=3\n", "failed")])
def test_the_status_line_decides_where_the_tender_hides_the_status(text: str, wanted: str) -> None:
    ending = Ending(status=83, console=text)
    assert verdict.judge(fields(**KVM_UNIT), Hiding("exited(unknown)"), ending).verdict == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("EXIT: STATUS=1\n", "passed"), ("EXIT: STATUS=3\n", "failed"), ("EXIT: STATUS=x\n", "timed out")],
)
def test_a_guest_that_told_its_status_is_believed_without_its_power_off(text: str, wanted: str) -> None:
    lenient = KVM_UNIT | {"console_exit": r"EXIT: STATUS=(\w+)"}
    assert (
        verdict.judge(fields(**lenient), Fixed("broken"), Ending(console=text), Stop(StopKind.STATUS_TOLD, "")).verdict
        == wanted
    )


def test_a_guest_that_told_two_statuses_is_not_believed() -> None:
    ending = Ending(console="EXIT: STATUS=3\nEXIT: STATUS=1\n")
    assert verdict.judge(fields(**KVM_UNIT), Fixed(), ending, Stop(StopKind.STATUS_TOLD, "")).verdict == "contradicted"


@pytest.mark.parametrize(
    ("digit", "wanted"),
    [("1", "passed"), ("\u0661", "contradicted"), ("\u00b9", "contradicted"), ("\uff11", "contradicted")],
)
def test_only_ascii_digits_make_a_status(digit: str, wanted: str) -> None:
    lenient = KVM_UNIT | {"console_exit": r"EXIT: STATUS=(\S+)"}
    assert judged("exited(0)", f"EXIT: STATUS={digit}\n", **lenient).verdict == wanted
    assert (judged(f"exited({digit})", exit_codes={"1": "skipped"}).verdict == "skipped") == (digit == "1")
