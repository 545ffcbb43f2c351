"""Endings as Solo5 0.12.1's tenders gave them, booting this project's unikernels and Solo5's own tests."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest
from runners.tenders import ARM, BANNER, CRASHED, FATAL, FAULT, RAN, TRAP, Backend, called, make, outcome, wrote

from bootmatrix.judging import verdict
from bootmatrix.matrix.keys.schema import TestFields
from bootmatrix.model import Boot, Ending, Rejected
from bootmatrix.texts import clean

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("backend", ["hvt", "spt"])
@pytest.mark.parametrize(
    ("status", "console", "wanted"),
    [
        (0, called(0), "exited(0)"),
        (1, called(1), "exited(1)"),
        (77, called(77), "exited(77)"),
        (0, "SUCCESS\n", "exited(0)"),
        (3, "", "exited(3)"),
        (0, called(256), "exited(256)"),
        (255, called(-1), "exited(255)"),
        (255, called(255), "exited(255)"),
        (139, called(139), "exited(139)"),
        (139, "", "exited(139)"),
        (255, "about to abort\nSolo5: solo5_abort() called\n", "aborted"),
        (255, "1234567890Solo5: ABORT: Stack corruption detected\n\0", "aborted"),
        (255, "Solo5: ABORT: mem.c:54: Not enough memory\n", "aborted"),
        (255, "about to crash\n" + TRAP, CRASHED),
        (255, FAULT, "crashed(#PF)"),
        (255, FATAL, "crashed(trap)"),
        (255, ARM, "crashed(Synchronous Abort)"),
        (77, called(333), "exited(333)"),
        (0, called(512), "exited(512)"),
        (255, called(0) + TRAP, CRASHED),
        (255, TRAP + "more\nSolo5: solo5_abort() called\n", "aborted"),
        (255, TRAP + "still alive\n", "exited(255)"),
        (1, called(0), "exited(1)"),
        (0, TRAP, "exited(0)"),
    ],
)
def test_the_status_is_the_guests_and_255_is_told_by_the_bindings(
    backend: Backend, status: int, console: str, wanted: str
) -> None:
    assert outcome(backend, status, clean(console.encode())) == wanted


@pytest.mark.parametrize("signal", ["SIGSEGV", "SIGILL", "SIGSYS", "SIGBUS"])
def test_a_guest_ends_spt_by_the_signal_of_its_crash(signal: str) -> None:
    assert outcome("spt", None, "about to crash\n", signal=signal) == f"crashed({signal})"
    assert outcome("spt", None, called(0), signal=signal) == f"crashed({signal})"
    assert outcome("hvt", None, "", signal=signal).startswith("broken")


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL", "SIGABRT"])
@pytest.mark.parametrize("backend", ["hvt", "spt"])
def test_no_guest_causes_the_signals_that_come_from_outside(backend: Backend, signal: str) -> None:
    assert outcome(backend, None, "about to hang\n", signal=signal).startswith("broken")
    assert outcome(backend, None, called(0), signal=signal).startswith("broken")


@pytest.mark.parametrize("backend", ["hvt", "spt"])
def test_a_status_that_a_container_tells_as_a_signal_is_believed_to_the_bindings(backend: Backend) -> None:
    """A shell names on its standard error the signal that ended its child; a status it does not name."""
    assert outcome(backend, None, called(139), signal="SIGSEGV") == "exited(139)"
    assert outcome(backend, None, called(137), signal="SIGKILL") == "exited(137)"
    assert not outcome(backend, None, called(139), "Segmentation fault\n", "SIGSEGV").startswith("exited")
    assert not outcome(backend, None, called(138), signal="SIGSEGV").startswith("exited")


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("Device 'service0' of type NET_BASIC declared but not attached.", "rejected"),
        ("/u/hello.spt: Executable is not for the solo5-hvt target", "rejected"),
        ("/u/hello.elf: No Solo5 ABI information found in executable", "rejected"),
        ("/nonexist: Could not open: No such file or directory", "rejected"),
        ("/u/KVM: unhandled exit/Exiting on signal 9: Could not open: No such file or directory", "rejected"),
        ("/u/a: invalid executable: e_entry does not fall within the memory allocation range (1 < 2)", "rejected"),
        ("Could not attach interface: tap100: No such file or directory", "rejected"),
        ("Guest command line too long (max=8191 characters)", "rejected"),
        ("guest memory size 35184372088832 bytes exceeds the max size 4294967296 bytes", "rejected"),
        ("Invalid option: `--nosuch'\nusage: solo5-hvt [ CORE OPTIONS ]", "rejected"),
        ("Could not attach interface: tap100: Device or resource busy", "broken"),
        ("Could not attach interface: tap100: Network is down", "broken"),
        ("Error allocating guest memory: Cannot allocate memory", "broken"),
        ("Could not open: /dev/kvm: Permission denied", "broken"),
        ("KVM: ioctl (SET_CPUID2) failed: Invalid argument", "broken"),
        ("KVM: internal error exit: suberror=0x1", "broken"),
        ("seccomp_rule_add(write, fd=1) failed: Invalid argument", "broken"),
        ("Exiting on signal 15", "broken"),
        ("KVM: unhandled exit: exit_reason=0x6, rip=0x10403a", "crashed"),
        ("KVM: host/guest translation fault: rip=0x10403a", "crashed"),
        ("Invalid guest hypercall: num=99", "crashed"),
        ("hvt_core.c:97: Invalid guest access: gpa=0x1, sz=2", "crashed"),
    ],
)
def test_a_tenders_own_message_goes_before_all_that_the_guest_printed(message: str, wanted: str) -> None:
    for console in ("", called(0), called(1)):
        assert outcome("hvt", 1, console, f"solo5-hvt: {message}\n").startswith(wanted)


@pytest.mark.parametrize(
    ("status", "console", "wanted"), [(0, called(0), "exited(0)"), (1, called(1), "exited(1)"), (255, TRAP, CRASHED)]
)
@pytest.mark.parametrize(
    "message",
    ["adjusting memory to 2097152 bytes", "WARNING: The use of --x-exec-heap is dangerous", "dumpcore: dumped 2 pages"],
)
def test_a_tenders_warning_changes_nothing(message: str, status: int, console: str, wanted: str) -> None:
    assert outcome("hvt", status, console, f"solo5-hvt: {message}\n") == wanted


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (127, "sh: 1: solo5-spt: not found"),
        (126, "sh: 1: solo5-spt: Permission denied"),
        (127, "solo5-spt: error while loading shared libraries: libseccomp.so.2: cannot open shared object file"),
    ],
)
def test_a_tender_that_cannot_be_started_is_no_guests_failure(status: int, message: str) -> None:
    assert make("spt").outcome(Ending(status, tender=message + "\n")).kind == "broken"
    assert str(make("spt").outcome(Ending(status, console="quiet\n"))) == f"exited({status})"


def test_a_killer_for_lack_of_memory_is_no_guests_crash() -> None:
    seen = Ending(None, "SIGKILL", console=called(137), out_of_memory=True)
    assert make("spt").outcome(seen).kind == "broken"


@pytest.mark.parametrize(
    ("console", "wanted"),
    [
        (called(0), "exited(unknown)"),
        (called(1) + "SUCCESS\n", "exited(unknown)"),
        ("Solo5: solo5_abort() called\n", "exited(unknown)"),
        ("Solo5: ABORT: cpu_x86_64.c:182: Fatal trap\n", "crashed(trap)"),
        ("Solo5: ABORT: x.c:3: Assertion `x' failed\nSolo5: Halted\n", "aborted"),
    ],
)
def test_of_quiet_bindings_only_an_abort_is_believed(console: str, wanted: str) -> None:
    seen = Ending(83, console=console, tender=RAN + wrote(41), arch="x86_64")
    assert str(make("virtio", quiet=True).outcome(seen)) == wanted
    fields = TestFields.model_validate({})
    assert verdict.judge(fields, make("virtio", quiet=True), seen).verdict != "passed"


@pytest.mark.parametrize(
    ("args", "options", "quiet"),
    [
        (("--solo5:quiet",), (), True),
        (("--solo5:warn", "x"), (), True),
        (("--solo5:debug --solo5:error",), (), True),
        ((), ("-append", "--solo5:quiet x"), True),
        (("x", "--solo5:quiet"), (), False),
        (("--solo5:quiet", "--solo5:info"), (), False),
        (("--solo5:quieter",), (), False),
        (("x",), ("-append", "--solo5:quiet"), False),
    ],
)
def test_a_test_must_accept_that_the_bindings_are_quiet(
    args: tuple[str, ...], options: tuple[str, ...], quiet: bool, tmp_path: Path
) -> None:
    boot = Boot("x86_64", "qemu-system-x86_64", "/u/x", args)
    for accepts in (False, True):
        with pytest.raises(Rejected) as caught:
            make("virtio", options=options, quiet=accepts).check(tmp_path / "none", boot, "")
        assert ("quiet: true" in caught.value.remedy) == (quiet and not accepts)


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("KVM: host/guest translation fault: rip=0x{}", "crashed(KVM: host/guest translation fault)"),
        ("KVM: host/guest translation fault: pc=0x{}", "crashed(KVM: host/guest translation fault)"),
        ("KVM: unhandled exit: exit_reason=0x6, rip=0x{}", "crashed(KVM: unhandled exit: exit_reason=0x6)"),
        ("hvt_core.c:97: Invalid guest access: gpa=0x{}, sz=2", "crashed(hvt_core.c:97: Invalid guest access)"),
        ("Invalid guest mmio access: mmio=0x{} len=2", "crashed(Invalid guest mmio access)"),
    ],
)
def test_two_builds_of_one_fault_are_told_alike(message: str, wanted: str) -> None:
    for address in ("10403a", "ffff0000"):
        told = make("hvt").outcome(Ending(1, tender=f"solo5-hvt: {message.format(address)}\n"))
        assert str(told) == wanted
        assert address in told.evidence


def test_a_traps_registers_are_evidence() -> None:
    told = make("virtio").outcome(Ending(83, console=BANNER + FAULT, tender=RAN + wrote(41), arch="x86_64"))
    assert (str(told), "rip=0x104022" in told.evidence) == ("crashed(#PF)", True)


@pytest.mark.parametrize("backend", ["hvt", "spt"])
def test_the_command_line_rounds_memory_up_and_ends_the_options(backend: Backend) -> None:
    boot = Boot("x86_64", f"solo5-{backend}", "/u/hello", ("--x", "a b"), memory=(2 << 20) + 1)
    line = make(backend, options=["--net:service0=tap100"]).launch(boot).argv
    assert line == (f"solo5-{backend}", "--mem=3", "--net:service0=tap100", "--", "/u/hello", "--x", "a b")


@pytest.mark.parametrize("backend", ["hvt", "spt"])
def test_another_architecture_than_this_machines_is_refused(backend: Backend) -> None:
    make(backend).tender(platform.machine())
    with pytest.raises(Rejected, match="not s390x"):
        make(backend).tender("s390x")


@pytest.mark.parametrize(
    "content", [b"", b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF\x02\x01\x01" + b"\xff" * 4096, bytes(range(256))]
)
@pytest.mark.parametrize("backend", ["hvt", "spt", "virtio"])
def test_a_file_that_is_no_unikernel_is_refused_before_the_boot(
    backend: Backend, content: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(Rejected, match="not a Solo5 unikernel"):
        make(backend).check(file, Boot("x86_64", "", ""), "")
