"""Endings as QEMU 7.2 gave them, booting this project's unikernels and a few of a handful of instructions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bootmatrix import plugins
from bootmatrix.errors import UserError
from bootmatrix.model import Boot, Ending, Rejected, Runner

ROOT = Path(__file__).parents[2]
RAN = "runstate_set current_run_state 6 (prelaunch) new_state 9 (running)\n"
STOPPED = "runstate_set current_run_state 9 (running) new_state 11 (shutdown)\n"
POWERED_OFF = RAN + "qemu_system_shutdown_request reason=6\n" + STOPPED
QEMU = "qemu-system-x86_64: "
MSR = f"""\
{QEMU}error: failed to set MSR 0x10a to 0x69
{QEMU}../../target/i386/kvm/kvm.c:3183: kvm_buf_set_msrs: Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed.
"""


def make(**options: object) -> Runner:
    return plugins.make_runner("qemu", options, ROOT)


def ending(status: int | None, tender: str, console: str = "", **more: str) -> Ending:
    return replace(Ending(status=status, console=console, tender=tender, arch="x86_64"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (ending(1, RAN, "Hello from bootmatrix\nSUCCESS\n"), "exited(0)"),
        (ending(3, RAN, "attempt 1: FAILURE\n"), "exited(1)"),
        (ending(125, RAN, "about to crash\nTRAP: #UD at 0x100317\n"), "exited(62)"),
        (ending(127, RAN, "about to abort\nABORT\n"), "exited(63)"),
        (ending(129, RAN, "about to exit 64\n"), "exited(64)"),
        (ending(None, RAN, signal="SIGHUP"), "exited(64)"),
        (ending(255, RAN), "exited(127)"),
        (ending(2, RAN), "exited(2)"),
        (ending(0, POWERED_OFF, "about to power off\n"), "exited(0)"),
        (ending(0, RAN + STOPPED, "about to triple fault\n"), "crashed(reset)"),
        (ending(0, RAN + STOPPED, "about to reset\n"), "crashed(reset)"),
        (
            ending(0, POWERED_OFF.replace("=6", "=8"), "about to panic\n"),
            "panicked(the guest's panic device)",
        ),
        (
            ending(0, POWERED_OFF, "SUCCESS\n[    1.0] Kernel panic - not syncing: x\n"),
            "panicked([    1.0] Kernel panic - not syncing: x)",
        ),
        (ending(1, f"{QEMU}warning: netdev n has no peer\n{RAN}", "SUCCESS\n"), "exited(0)"),
        (ending(1, f"{QEMU}-device x: warning: it is old\n{QEMU}info: so be it\n{RAN}", "SUCCESS\n"), "exited(0)"),
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
        ending(None, RAN, signal="SIGSEGV"),
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


@pytest.mark.parametrize(("status", "wanted"), [(0, "exited(0)"), (1, "exited(1)"), (3, "exited(3)")])
@pytest.mark.parametrize("arch", ["aarch64", "riscv64"])
def test_only_isa_debug_exit_shifts_the_status(arch: str, status: int, wanted: str) -> None:
    """riscv64's sifive_test ends QEMU with the guest's status as it is, and 7.2 traces nothing of it."""
    assert str(make().outcome(ending(status, RAN, arch=arch))) == wanted


def test_a_reset_may_be_how_a_guest_ends() -> None:
    assert str(make(on_reset="exited").outcome(ending(0, RAN + STOPPED))) == "exited(0)"
    assert str(make(on_reset="exited").outcome(ending(0, POWERED_OFF.replace("=6", "=8")))).startswith("panicked")


def test_a_panic_is_told_by_its_line_alone() -> None:
    console = f"{'x' * 100_000}\n  ouch: {'y' * 100_000}\nSUCCESS\n"
    outcome = make(panic=["ou.h"]).outcome(ending(1, RAN, console))
    assert outcome.detail.startswith("ouch: yyy")
    assert len(outcome.detail) == 200


def test_a_panic_expression_that_explodes_is_the_users_error() -> None:
    with pytest.raises(UserError, match="needs more than"):
        make(panic=["(a|a)+(a+)+$"]).outcome(ending(1, RAN, "a" * 50 + "b"))


def test_the_command_line_boots_without_defaults_and_never_again() -> None:
    boot = Boot(
        "x86_64", "qemu-system-x86_64", "/u/hello.elf", ("a,b", "c"), memory=(64 << 20) + 1, cpus=2, accel="tcg"
    )
    line = " ".join(make().argv(boot))
    assert line.startswith("qemu-system-x86_64 -machine q35 -accel tcg -cpu max -m 65M -smp 2 -nodefaults -no-reboot")
    assert "-serial stdio -device isa-debug-exit" in line
    assert line.endswith("-kernel /u/hello.elf -append a,b c")


def test_an_architecture_that_qemu_does_not_boot_here_is_refused_with_those_that_it_does() -> None:
    with pytest.raises(Rejected) as caught:
        make().tender("s390x")
    assert caught.value.remedy == "possible: x86_64, aarch64, riscv64"
