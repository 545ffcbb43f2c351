"""Endings as QEMU 7.2 and 10.0 gave them, booting this project's unikernels and a few of a handful of instructions."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from bootmatrix import plugins
from bootmatrix.errors import UserError
from bootmatrix.model import Boot, Ending, Interface, Network, Rejected, Runner

ROOT = Path(__file__).parents[2]
RAN = "runstate_set current_run_state 6 (prelaunch) new_state 9 (running)\n"
REQUEST = "qemu_system_shutdown_request reason=6\n"
STOPPED = "runstate_set current_run_state 9 (running) new_state 11 (shutdown)\n"
PANICKED = "qemu_system_shutdown_request reason=8\n"
POWERED_OFF = RAN + REQUEST + STOPPED
QEMU = "qemu-system-x86_64: "
AHCI = f"{QEMU}ahci: PRDT length for NCQ command (0x0) is smaller than the requested size (0x200000)\n"
MSR = f"""\
{QEMU}error: failed to set MSR 0x10a to 0x69
{QEMU}../../target/i386/kvm/kvm.c:3183: kvm_buf_set_msrs: Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed.
"""


def wrote(value: int, address: int = 0x501, device: str = "isa-debug-exit") -> str:
    where = f"cpu 0 mr 0x56151b3ce0 addr {address:#x}"
    return f"memory_region_ops_write {where} value {value:#x} size 1 name '{device}'\n"


def sifive(word: int, code: int = 0, address: int = 0x100000) -> str:
    return wrote(code << 16 | word, address, "riscv.sifive.test")


def make(**options: object) -> Runner:
    return plugins.make_runner("qemu", options, ROOT / "docs")


def ending(status: int | None, tender: str, console: str = "", **more: str) -> Ending:
    return replace(Ending(status=status, console=console, tender=tender, arch="x86_64"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (ending(1, RAN + wrote(0), "Hello from bootmatrix\nSUCCESS\n"), "exited(0)"),
        (ending(3, RAN + wrote(1), "attempt 1: FAILURE\n"), "exited(1)"),
        (ending(125, RAN + wrote(62), "about to crash\nTRAP: #UD at 0x100317\n"), "exited(62)"),
        (ending(127, RAN + wrote(63), "about to abort\nABORT\n"), "exited(63)"),
        (ending(129, RAN + wrote(64), "about to exit 64\n"), "exited(64)"),
        (ending(None, RAN + wrote(64), signal="SIGHUP"), "exited(64)"),
        (ending(None, RAN + wrote(68), signal="SIGKILL"), "exited(68)"),
        (ending(None, RAN + wrote(81), signal="SIG35"), "exited(81)"),
        (ending(255, RAN + wrote(127)), "exited(127)"),
        (ending(2, RAN), "exited(2)"),
        # eight bits of a status
        (ending(1, RAN + wrote(128), "SUCCESS\n"), "exited(128)"),
        (ending(1, RAN + wrote(256), "SUCCESS\n"), "exited(256)"),
        (ending(1, RAN + wrote(0x80000000), "SUCCESS\n"), "exited(2147483648)"),
        (ending(77, RAN + wrote(166)), "exited(166)"),
        (ending(3, RAN + wrote(129)), "exited(129)"),
        # one that writes twice, on QEMU 10: its status is any of them
        (ending(1, RAN + wrote(1) + REQUEST + wrote(0) + REQUEST + STOPPED, "SUCCESS\n"), "exited(1)"),
        (ending(3, RAN + wrote(1) + REQUEST + wrote(0) + REQUEST + STOPPED, "SUCCESS\n"), "exited(1)"),
        (ending(3, RAN + wrote(0) + REQUEST + wrote(1) + REQUEST + STOPPED, "SUCCESS\n"), "exited(0)"),
        (ending(0, RAN + wrote(42) + REQUEST + wrote(41) + REQUEST + STOPPED), "exited(42)"),
        (ending(3, RAN + REQUEST + wrote(1) + STOPPED), "exited(1)"),
        (ending(0, RAN + REQUEST.replace("=6", "=8") + wrote(0) + STOPPED), "panicked(the guest's panic device)"),
        # no such write is in the trace
        (ending(1, RAN, "SUCCESS\n"), "exited(unknown)"),
        (ending(3, RAN), "exited(unknown)"),
        (ending(0, RAN, "SUCCESS\n"), "exited(unknown)"),
        # messages that the guest provoked, and with which QEMU did not end
        (ending(1, RAN + AHCI + wrote(0), "SUCCESS\n"), "exited(0)"),
        (ending(1, RAN + AHCI + wrote(128), "SUCCESS\n"), "exited(128)"),
        (ending(3, RAN + AHCI + wrote(1)), "exited(1)"),
        (ending(0, RAN + AHCI + REQUEST + STOPPED), "exited(0)"),
        (ending(None, RAN + AHCI, signal="SIGABRT"), "crashed(QEMU's SIGABRT)"),
        (ending(None, RAN + "qemu: fatal: bad\n", signal="SIGABRT"), "crashed(QEMU's SIGABRT)"),
        (ending(None, RAN, "SUCCESS\n", signal="SIGSEGV"), "crashed(QEMU's SIGSEGV)"),
        (ending(0, POWERED_OFF, "about to power off\n"), "exited(0)"),
        (ending(0, RAN + STOPPED, "about to triple fault\n"), "crashed(reset)"),
        (ending(0, RAN + STOPPED, "about to reset\n"), "crashed(reset)"),
        (
            ending(0, POWERED_OFF.replace("=6", "=8"), "about to panic\n"),
            "panicked(the guest's panic device)",
        ),
        (
            ending(0, POWERED_OFF, "SUCCESS\n[    1.0] Kernel panic - not syncing: x\n"),
            "panicked(Kernel panic - not syncing: x)",
        ),
        (ending(1, f"{QEMU}warning: netdev n has no peer\n{RAN}{wrote(0)}", "SUCCESS\n"), "exited(0)"),
        (ending(1, f"{QEMU}-device x: warning: it is old\n{QEMU}info: so be it\n{RAN}{wrote(0)}"), "exited(0)"),
    ],
)
def test_what_the_guest_did_is_read_off_status_and_trace(seen: Ending, wanted: str) -> None:
    assert str(make().outcome(seen)) == wanted


@pytest.mark.parametrize(
    "seen",
    [
        ending(0, f"{RAN}{QEMU}terminating on signal 15 from pid 31061 (python)\n{STOPPED}", "SUCCESS\n"),
        ending(0, f"{RAN}{QEMU}terminating on signal 2 from pid 31061 (python)\n{STOPPED}"),
        ending(0, f"{RAN}{QEMU}terminating on signal 1\n{STOPPED}"),
        ending(None, RAN, signal="SIGKILL"),
        ending(None, RAN, signal="SIGTERM"),
        ending(None, RAN, signal="SIG35"),
        ending(None, RAN + wrote(0), signal="SIGKILL"),
        ending(None, f"{RAN}GLib: x\n{QEMU}failed to allocate 4096 bytes\n", signal="SIGTRAP"),
        ending(None, MSR, signal="SIGABRT"),
        ending(None, "", signal="SIGTERM"),
        ending(None, RAN, signal="SIGKILL", out_of_memory="yes"),
        ending(1, f"{QEMU}cannot set up guest memory 'pc.ram': Cannot allocate memory\n"),
        ending(
            1,
            "Could not access KVM kernel module: Permission denied\n"
            f"{QEMU}-accel kvm: failed to initialize kvm: Permission denied\n",
        ),
        ending(1, f"{QEMU}-netdev tap,id=n: could not configure /dev/net/tun (tap0): Device or resource busy\n"),
        ending(1, f"{QEMU}a message that nobody has seen yet\n"),
        ending(127, "sh: 1: qemu-system-x86_64: not found\n"),
        ending(
            127,
            f"{QEMU}error while loading shared libraries: libx.so.1: cannot open shared object file: No such file\n",
        ),
        ending(1, ""),
        ending(0, "", "SUCCESS\n"),
        ending(1, f"{RAN}{QEMU}Failed to write to the disk: Input/output error\n", "SUCCESS\n"),
    ],
)
def test_what_happens_to_qemu_is_no_guests_doing(seen: Ending) -> None:
    assert make().outcome(seen).kind == "broken"


@pytest.mark.parametrize(
    "message",
    [
        "qemu: could not open kernel file '/tmp/none.elf': No such file or directory",
        "qemu: could not open kernel file '/kvm_tests/shared library busy.elf': No such file or directory",
        "qemu: invalid kernel header",
        f"{QEMU}Error loading uncompressed kernel without PVH ELF Note",
        f"{QEMU}-device nosuch: 'nosuch' is not a valid device model name",
        f"{QEMU}-nosuchoption: invalid option",
        f"{QEMU}unsupported machine type\nUse -machine help to list supported machines",
        f"{QEMU}unable to find CPU model 'nosuch'",
        f"{QEMU}Invalid SMP CPUs 1000. The max CPUs supported by machine 'pc-q35-7.2' is 288",
        f"{QEMU}Failed to open file '/none.cpio'",
        f"{QEMU}could not load initrd '/none.cpio'",
        f"{QEMU}-drive file=/none,if=virtio: Could not open '/none': No such file or directory",
    ],
)
def test_a_command_line_that_qemu_refuses_is_rejected_in_its_words(message: str) -> None:
    outcome = make().outcome(ending(1, message + "\n"))
    assert outcome.kind == "rejected"
    assert outcome.detail in message


def test_the_end_is_read_off_a_trace_whose_middle_was_cut() -> None:
    noise = f"{QEMU}warning: guest error\n" * 50_000
    assert str(make().outcome(ending(0, RAN + noise + STOPPED))) == "crashed(reset)"


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (ending(0, POWERED_OFF, arch="aarch64"), "exited(0)"),
        (ending(0, RAN, arch="aarch64"), "exited(unknown)"),  # semihosting's exit, of which eight bits are told
        (ending(1, RAN, arch="aarch64"), "exited(1)"),
        (ending(0, RAN + sifive(0x5555), arch="riscv64"), "exited(0)"),
        (ending(0, RAN, arch="riscv64"), "exited(unknown)"),
        (ending(3, RAN + sifive(0x3333, 3), arch="riscv64"), "exited(3)"),
        (ending(0, RAN + sifive(0x3333, 0), arch="riscv64"), "exited(1)"),
        (ending(0, RAN + sifive(0x3333, 256), arch="riscv64"), "exited(256)"),
        (ending(77, RAN + sifive(0x3333, 333), arch="riscv64"), "exited(333)"),
        (ending(3, RAN + sifive(0x3333, 3) + PANICKED + STOPPED, arch="riscv64"), "exited(3)"),
        (ending(0, RAN + sifive(0x3333, 3) + sifive(0x5555) + STOPPED, arch="riscv64"), "exited(3)"),
        (
            ending(0, RAN + sifive(0x1234) + sifive(0x5555, address=0x100004) + STOPPED, arch="riscv64"),
            "crashed(reset)",
        ),
        (ending(0, RAN + sifive(0x7777) + sifive(0x5555) + STOPPED, arch="riscv64"), "crashed(reset)"),
    ],
)
def test_other_machines_are_told_by_their_own_devices(seen: Ending, wanted: str) -> None:
    """riscv64's sifive_test ends QEMU with the upper half of what the guest writes to it."""
    assert str(make().outcome(seen)) == wanted


@pytest.mark.parametrize(
    ("seen", "evidence", "status"),
    [
        (ending(33, RAN + wrote(16)), "QEMU's status 33", 33),
        (ending(1, RAN + wrote(128)), "QEMU's status 257, of which it shows 1", 257),
        (ending(0, RAN + sifive(0x3333, 256), arch="riscv64"), "QEMU's status 256, of which it shows 0", 256),
        (ending(0, POWERED_OFF), "the guest powered off", None),
    ],
)
def test_the_status_stands_beside_the_guests_number(seen: Ending, evidence: str, status: int | None) -> None:
    outcome = make().outcome(seen)
    assert (outcome.evidence, outcome.number) == (evidence, status)


def test_two_builds_of_one_panic_are_told_alike() -> None:
    panic = "[{}] Kernel panic - not syncing: stack of {} is corrupted, exitcode=0x0000000b\n"
    first = make().outcome(ending(0, POWERED_OFF, panic.format("    1.0173", "0xffffffff81012345")))
    second = make().outcome(ending(0, POWERED_OFF, panic.format("   12.9001", "0xffffffff81ffee11")))
    assert first.detail == second.detail == "Kernel panic - not syncing: stack of is corrupted, exitcode=0x0000000b"
    assert "0xffffffff81012345" in first.evidence


def test_a_reset_may_be_how_a_guest_ends() -> None:
    assert str(make(on_reset="exited").outcome(ending(0, RAN + STOPPED))) == "exited(0)"
    assert str(make(on_reset="exited").outcome(ending(0, POWERED_OFF.replace("=6", "=8")))).startswith("panicked")


def test_a_panic_is_told_by_its_line_alone() -> None:
    console = f"{'x' * 100_000}\n  ouch: {'y' * 100_000}\nSUCCESS\n"
    outcome = make(panic=["ou.h"]).outcome(ending(1, RAN, console))
    assert outcome.detail.startswith("ouch: yyy")
    assert len(outcome.detail) == 200


def test_a_panic_expression_that_explodes_is_the_users_error() -> None:
    with pytest.raises(UserError, match="took more than"):
        make(panic=["(a|a)+(a+)+$"]).outcome(ending(1, RAN, "a" * 50 + "b"))


def test_the_command_line_boots_without_defaults_and_never_again() -> None:
    boot = Boot(
        "x86_64", "qemu-system-x86_64", "/u/hello.elf", ("a,b", "c"), memory=(64 << 20) + 1, cpus=2, accel="tcg"
    )
    line = " ".join(make().launch(boot).argv)
    assert line.startswith("qemu-system-x86_64 -machine q35 -accel tcg -cpu max -m 65M -smp 2 -nodefaults -no-reboot")
    assert "-serial stdio -device isa-debug-exit" in line
    assert line.endswith("-kernel /u/hello.elf -append a,b c")


def test_an_architecture_that_qemu_does_not_boot_here_is_refused_with_those_that_it_does() -> None:
    with pytest.raises(Rejected) as caught:
        make().tender("s390x")
    assert caught.value.remedy == "possible: x86_64, aarch64, riscv64"


LAN = Network("lan", IPv4Interface("10.0.0.1/24"))
BY_SOCKET = Boot(
    "x86_64",
    "qemu",
    "a.elf",
    (),
    interfaces=(Interface("s", LAN, "tap0", IPv4Interface("10.0.0.2/24"), "02:00:0a:00:00:02", by_socket=True),),
)


@pytest.mark.parametrize("name", ["qemu", "solo5-virtio"])
def test_without_taps_an_interface_is_a_client_of_a_socket(name: str) -> None:
    runner = plugins.make_runner(name, {}, ROOT / "docs")
    assert runner.takes_sockets
    argv = runner.launch(BY_SOCKET).argv
    netdev = argv[argv.index("-netdev") + 1]
    assert netdev == "stream,id=tap0,server=off,addr.type=unix,addr.abstract=on,addr.path=tap0"
    assert argv[argv.index("-netdev") + 3].startswith("virtio-net-pci,netdev=tap0,mac=02:00:0a:00:00:02")


@pytest.mark.parametrize(("version", "fits"), [("6.2.0", False), ("7.1.0", False), ("7.2.22", True), ("10.0.2", True)])
def test_a_qemu_that_knows_no_such_sockets_is_told_before(version: str, fits: bool) -> None:
    words = f"QEMU emulator version {version} (Debian)"
    file = ROOT / "pyproject.toml"
    make().check(file, replace(BY_SOCKET, interfaces=()), words)
    with (
        contextlib.nullcontext()
        if fits
        else pytest.raises(Rejected, match=r"no taps .* cannot be attached by a socket")
    ):
        make().check(file, BY_SOCKET, words)
