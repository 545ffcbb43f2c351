"""How a guest ends under virtio, where QEMU tells no status: by the last words of Solo5's bindings."""

from __future__ import annotations

import pytest
from runners.tenders import BANNER, CRASHED, RAN, STOPPED, TRAP, called, make, outcome, wrote

from bootmatrix.judging import verdict
from bootmatrix.matrix.keys.schema import TestFields
from bootmatrix.model import Ending
from bootmatrix.texts import clean


@pytest.mark.parametrize(
    ("status", "console", "tender", "wanted"),
    [
        (83, called(0), RAN, "exited(0)"),
        (83, called(1), RAN, "exited(1)"),
        (83, called(256), RAN, "exited(256)"),
        (83, called(-1), RAN, "exited(255)"),
        (0, called(0) + "Solo5: Halted\n", RAN + "qemu_system_shutdown_request reason=6\n" + STOPPED, "exited(0)"),
        (83, "the endSolo5: solo5_exit(0) called\n", RAN, "exited(0)"),
        (83, "about to abort\nSolo5: solo5_abort() called\n", RAN, "aborted"),
        (83, TRAP, RAN, CRASHED),
        (83, called(0) + TRAP, RAN, CRASHED),
        (83, called(0) + "and on it goes\n", RAN, "exited(unknown)"),
        (83, "SUCCESS\n", RAN, "exited(unknown)"),
        (83, "Solo5: solo5_exit(0) called, they said\n", RAN, "exited(unknown)"),
        (83, "Solo5: ABORT: xSolo5: solo5_exit(0) called\n", RAN, "aborted"),
        (83, f"Solo5: solo5_exit({'9' * 5000}) called\n", RAN, "exited(unknown)"),
        (83, "Solo5: solo5_exit(\u0660) called\n", RAN, "exited(unknown)"),
        (0, called(0), RAN + STOPPED, "crashed(reset)"),
        (85, called(0), RAN + wrote(42), "exited(42)"),
        (1, called(0), RAN + wrote(0), "exited(unknown)"),
        (83, called(0), RAN + wrote(41 + 128), "exited(169)"),
        (83, called(0), RAN + wrote(1) + wrote(41), "exited(1)"),
        (3, called(0), RAN + wrote(41) + wrote(1), "exited(0)"),
        (0, called(0), f"{RAN}qemu-system-x86_64: terminating on signal 15 from pid 1 (x)\n{STOPPED}", "broken"),
        (1, called(0), f"{RAN}qemu-system-x86_64: bad address\n{wrote(128)}", "exited(128)"),
        (1, called(0), "qemu: could not open kernel file 'x': No such file or directory\n", "rejected"),
        (83, called(0), "", "broken"),
    ],
)
def test_virtio_is_told_by_the_bindings_last_words(status: int, console: str, tender: str, wanted: str) -> None:
    seen = outcome("virtio", status, clean(console.replace("\n", "\r\n").encode()), tender)
    assert seen == wanted if "(" in wanted or wanted == "aborted" else seen.startswith(wanted)


def test_a_long_console_is_read_in_linear_time() -> None:
    console = "Solo5: ABORT: Solo5: solo5_exit(0) called Solo5: trap: " * 200_000
    assert outcome("virtio", 83, console, RAN) == "aborted"
    assert outcome("virtio", 83, console + "\n" * 1_000_000 + "x", RAN) == "aborted"


@pytest.mark.parametrize("length", range(len("Solo5: ACPI: RSDP not found, cannot power off\nSolo5: Halted\n")))
@pytest.mark.parametrize("console", [called(77), "Solo5: solo5_abort() called\n", TRAP])
def test_qemu_may_end_at_any_character_of_what_the_bindings_write_afterwards(console: str, length: int) -> None:
    afterwards = "Solo5: ACPI: RSDP not found, cannot power off\nSolo5: Halted\n"[:length]
    tender = RAN + wrote(0x29) + "qemu_system_shutdown_request reason=6\n" + STOPPED
    seen = Ending(83, "", console=BANNER + console + afterwards, tender=tender, arch="x86_64")
    found = make("virtio").outcome(seen)
    assert (str(found), found.disputed) == (outcome("virtio", 83, console, tender), "")


@pytest.mark.parametrize("more", ["Sx", "Solo5: Hal ", "x", "S\nx", "Solo5: Halted\nSolo4"])
def test_a_guest_that_goes_on_after_its_words_is_disputed(more: str) -> None:
    tender = RAN + wrote(0x29) + "qemu_system_shutdown_request reason=6\n" + STOPPED
    seen = Ending(83, "", console=BANNER + called(1) + more + ".", tender=tender, arch="x86_64")
    assert "goes on" in make("virtio").outcome(seen).disputed


CLOSING = "\nSolo5: ACPI: RSDP not found, cannot power off\nSolo5: Halted\n"


@pytest.mark.parametrize(
    ("console", "expected"),
    [
        ("SUCCESS\nSolo5: solo5_exit(0) called" + CLOSING, "exited(0)"),
        ("SUCCESS\nSolo5: solo5_exit(1) called" + CLOSING, "exited(1)"),
        ("SUCCESSSolo5: solo5_exit(1) called" + CLOSING, "exited(1)"),
        ("Solo5: ABORT: x.c:1: Assertion" + CLOSING, "aborted"),
        ("Solo5: solo5_exit(1) called\nSUCCESS\n", "exited(1)"),
        ("Solo5: ABORT: x\nSUCCESS\n", "aborted"),
        ("Solo5: solo5_exit(0) called\nmore\n", "exited(unknown)"),
        ("SUCCESS\n", "exited(unknown)"),
    ],
)
def test_virtio_ends_as_the_bindings_say_and_never_better(console: str, expected: str) -> None:
    assert outcome("virtio", 83, console, RAN) == expected


@pytest.mark.parametrize(
    "console",
    [
        "Solo5: ABORT: x\nSUCCESS\n",
        "Solo5: solo5_exit(1) called\nSUCCESS\n",
        called(0) + "Solo5: solo5_abort() called\n",
        called(0) + TRAP,
        called(1) + called(0),
        called(0) + called(1),
        "Solo5: ABORT: x\n" + called(0) + "Solo5: Halted\n",
        f"textSolo5: ABORT: x\n{'x' * 10_000_000}\n{called(0)}",
    ],
)
def test_words_that_disagree_are_disputed(console: str) -> None:
    """So that the verdict is a contradiction, whatever is expected."""
    seen = Ending(83, console=BANNER + console, tender=RAN + wrote(41), arch="x86_64")
    disputed = make("virtio").outcome(seen)
    assert disputed.disputed.startswith("the console reports ")
    for word in ("passed", "failed", "aborted", "crashed"):
        fields = TestFields.model_validate({"expect": {"outcome": word}})
        assert verdict.judge(fields, make("virtio"), seen).verdict == "contradicted"


@pytest.mark.parametrize("console", [called(0), called(0) * 2, "Solo5: solo5_exit(1) called, they said\n" + called(0)])
def test_words_that_agree_are_not(console: str) -> None:
    seen = Ending(83, console=BANNER + console, tender=RAN + wrote(41), arch="x86_64")
    assert not make("virtio").outcome(seen).disputed


def test_a_guest_that_ends_virtio_without_the_bindings_never_passes() -> None:
    seen = Ending(1, console=BANNER + called(0), tender=RAN + wrote(0), arch="x86_64")
    fields = TestFields.model_validate({"expect": {"console": "SUCCESS"}})
    assert verdict.judge(fields, make("virtio"), seen).verdict == "contradicted"
