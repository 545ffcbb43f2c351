"""Ends of Unikraft guests as their consoles told them: Unikraft 0.17, gcc and clang, QEMU 7.2 and 10.0, shortened."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from bootmatrix import plugins
from bootmatrix.model import Ending, Outcome

ROOT = Path(__file__).parents[2]
RAN = "runstate_set current_run_state 6 (prelaunch) new_state 9 (running)\n"
STOPPED = "runstate_set current_run_state 9 (running) new_state 11 (shutdown)\n"
OFF = RAN + "qemu_system_shutdown_request reason=6\n" + STOPPED
TOLD = RAN + "qemu_system_shutdown_request reason=8\n" + STOPPED + "qemu_system_shutdown_request reason=6\n"
RESET = RAN + STOPPED
BANNER = "Powered by\n OoOoO ._, ._:_:_,\\_._,  .__,_:_, \\___)\n                         Calypso 0.17.0\n"
EARLY = """\
[    0.000000] Info: [libukconsole] <console.c @  176> Registered con0: COM1, flags: IO
[    0.107141] Info: [libukboot] <boot.c @  373> Init Table @ 0x13a010 - 0x13a030
"""
MAIN = (
    EARLY + BANNER + "[    0.113501] Info: [libukboot] <boot.c @  493> Calling main(2, ['hello', 'x'])\nHello world!\n"
)
HALTED = "[    0.121122] Info: [libkvmplat] <shutdown.c @   59> Unikraft halted\n"


def returned(status: int) -> str:
    return (
        f"[    0.118780] Info: [libukboot] <boot.c @  503> main returned {status}\n"
        "[    0.119459] Info: [libukboot] <boot.c @  421> Halting system (0)\n" + HALTED
    )


def exited(status: int) -> str:
    return f"[    0.1] Info: [libnolibc] <stdlib.c @  492> exit called with status {status}, halting system\n" + HALTED


CRASH = "[    0.111661] CRIT: [appends] <main.c @   51> on purpose\n" + HALTED
ASSERT = "[    0.133305] CRIT: [appends] <main.c @   53> Assertion failure: argc == 77\n" + HALTED
ABORT = "[    0.126356] CRIT: [libnolibc] <stdlib.c @  485> Abnormal termination!\n" + HALTED
INVALID = """\
[    0.105658] CRIT: [libkvmplat] <traps.c @   84> Unhandled Trap 6 (invalid opcode), error code=0x0
[    0.106932] Info: [libkvmplat] <traps.c @   86> Regs address 0x15dfd0
[    0.107212] CRIT: [libkvmplat] <trace.c @   41> RIP: 0000000000127da9 CS: 0008
[    0.126414] CRIT: [libkvmplat] <traps.c @   90> Crashing
"""
FAULT = """\
[    0.127089] CRIT: [libkvmplat] <trace.c @   41> RIP: 000000000012801b CS: 0008
[    0.147768] CRIT: [libkvmplat] <trace.c @   86> base is 0x10f70 caller is 0x11f4a1
[    0.154954] CRIT: [libkvmplat] <trace.c @   66>\x20
[    0.155288] CRIT: [libkvmplat] <trace.c @   66> 10f30: 70 0f 01 00 00 00 00 00 e7 7e 12 00 00 00 00 00
[    0.167136] CRIT: [libkvmplat] <traps.c @  113> Crashing
"""
SYNC = """\
[    0.178231] CRIT: [libkvmplat] <traps_arm64.c @  210> EL1 sync trap caught
[    0.178480] CRIT: [libkvmplat] <traps_arm64.c @  171> \t SP       : 0x000000004000ff30
[    0.178684] CRIT: [libkvmplat] <traps_arm64.c @  172> \t ESR_EL1  : 0x00000000f20003e8
[    0.181207] CRIT: [libkvmplat] <traps_arm64.c @  183> \t x28 ~ x29: 0x0000000000000000 0x000000004000ff30
"""
FAILED = """\
[    0.105188] ERR:  [libukboot] <boot.c @  385> Init function at 0x115750 returned error -95
[    0.105592] Info: [libukboot] <boot.c @  421> Halting system (3)
"""
FRAMES = "[    0.142124] CRIT: [libkvmplat] <trace.c @   86> base is 0x15df70 caller is 0x102126\n"
FAKE = returned(0)
UNKNOWN = "exited(unknown)"


def end(console: str, tender: str, arch: str = "aarch64", status: int | None = 0) -> Outcome:
    runner = plugins.make_runner("unikraft-qemu", {}, ROOT / "docs")
    return runner.outcome(Ending(status=status, console=console, tender=tender, arch=arch))


def uninformed(console: str) -> str:
    """What a kernel prints that has only messages of the level ERR and above, as it has if nobody asks for more."""
    return "".join(line + "\n" for line in console.splitlines() if " Info: " not in line)


def bare(console: str) -> str:
    """Without time stamps and places in the source: CONFIG_LIBUKDEBUG_PRINT_TIME and _SRCNAME off."""
    lines = (line.partition("] ")[2] if line.startswith("[") else line for line in console.splitlines())
    return "".join(
        line.partition(" <")[0] + " " + line.partition("> ")[2] + "\n" if " <" in line else line + "\n"
        for line in lines
    )


ENDS = [
    (MAIN + returned(0), OFF, "exited(0)"),
    (MAIN + returned(3), OFF, "exited(3)"),
    (MAIN + returned(256), OFF, "exited(256)"),
    (MAIN + returned(-1), OFF, "exited(255)"),
    (MAIN + "no newline" + returned(3), OFF, "exited(3)"),
    (MAIN + exited(0), OFF, "exited(0)"),
    (MAIN + exited(1), OFF, "exited(1)"),
    (MAIN + "[    0.2] Info: [libukboot] <boot.c @ 200> main returned 3, halting system\n" + HALTED, OFF, "exited(3)"),
    (MAIN + CRASH, TOLD, "crashed(on purpose)"),
    (MAIN + "no newline" + CRASH, TOLD, "crashed(on purpose)"),
    (MAIN + ASSERT, TOLD, "crashed(Assertion failure: argc == 77)"),
    (MAIN + ABORT, TOLD, "aborted"),
    (MAIN + INVALID + HALTED, TOLD, "crashed(invalid opcode)"),
    (MAIN + FAULT + HALTED, TOLD, "crashed(page fault)"),
    (MAIN + returned(0).replace(HALTED, "") + ASSERT, TOLD, "crashed(Assertion failure: argc == 77)"),
    (EARLY + FAILED + HALTED, TOLD, "panicked(before main: an init function returned error -95)"),
    (EARLY + CRASH, TOLD, "panicked(before main: on purpose)"),
    (EARLY + FAULT + HALTED, TOLD, "panicked(before main: page fault)"),
    (EARLY + BANNER + CRASH, TOLD, "panicked(before main: on purpose)"),
]


@pytest.mark.parametrize("shape", [str, bare])
@pytest.mark.parametrize(("console", "tender", "wanted"), ENDS)
def test_x86_64_is_told_by_the_panic_device_and_the_console(
    console: str, tender: str, wanted: str, shape: type[str]
) -> None:
    found = end(shape(console), tender, "x86_64")
    assert (str(found), found.disputed) == (wanted, "")


@pytest.mark.parametrize("shape", [str, bare])
@pytest.mark.parametrize(
    ("console", "wanted"),
    [
        *((console, wanted) for console, _, wanted in ENDS),
        (MAIN + SYNC + HALTED, "crashed(EL1 sync trap)"),
        (EARLY + SYNC + HALTED, "panicked(before main: EL1 sync trap)"),
    ],
)
def test_arm64_is_told_by_its_console_alone(console: str, wanted: str, shape: type[str]) -> None:
    found = end(shape(console), OFF)
    assert (str(found), found.disputed) == (wanted, "")


@pytest.mark.parametrize(
    ("console", "x86_64", "aarch64"),
    [
        (BANNER + "Hello world!\n", UNKNOWN, UNKNOWN),
        (BANNER + FAKE, UNKNOWN, UNKNOWN),
        (uninformed(MAIN + CRASH), "crashed(on purpose)", "crashed(on purpose)"),
        (uninformed(MAIN + INVALID), "crashed(invalid opcode)", "crashed(invalid opcode)"),
        (uninformed(EARLY + FAILED), "panicked(before main: an init function returned error -95)", "the same"),
        (uninformed(EARLY + CRASH), "panicked(before main: on purpose)", "the same"),
        (BANNER + "Hello world!\n", "crashed", UNKNOWN),
        ("", "panicked(before main: crashed)", UNKNOWN),
    ],
)
def test_a_kernel_that_does_not_inform_leaves_only_success_unknown(console: str, x86_64: str, aarch64: str) -> None:
    tender = OFF if x86_64 == UNKNOWN else TOLD
    assert str(end(console, tender, "x86_64")) == x86_64
    found = end(console, OFF)
    assert str(found) == (x86_64 if aarch64 == "the same" else aarch64)
    assert found.disputed == ""
    if aarch64 == UNKNOWN:
        assert "CONFIG_LIBUKDEBUG_PRINTK_INFO=y" in found.evidence


@pytest.mark.parametrize(
    ("console", "wanted"),
    [
        (MAIN + FAKE + CRASH, "crashed(on purpose)"),
        (MAIN + FAKE + HALTED, "crashed"),
        (MAIN + FAKE + "more\n" + HALTED, "crashed"),
        (MAIN + exited(0) + CRASH, "crashed(on purpose)"),
    ],
)
def test_no_lie_of_a_guest_that_crashes_makes_it_a_success(console: str, wanted: str) -> None:
    found = end(console, TOLD, "x86_64")
    assert (str(found), found.disputed) == (wanted, "")
    alone = end(console, OFF)
    assert alone.kind == "crashed" or alone.disputed


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("console", "wanted"),
    [
        (MAIN + FAKE.replace(HALTED, "") + returned(3), "exited(3)"),
        (MAIN + FAKE + returned(0), "exited(0)"),
        (MAIN + FAKE.splitlines(keepends=True)[0] + HALTED, UNKNOWN),
        (MAIN + FAKE + "and more\n", UNKNOWN),
        (MAIN + "CRIT: [appends] <main.c @ 20> Assertion failure: lie\nSUCCESS\n" + returned(0), "exited(0)"),
        (MAIN + HALTED, UNKNOWN),
        (uninformed(MAIN + ASSERT) + "SUCCESS\n", UNKNOWN),
    ],
)
def test_a_console_that_does_not_fit_together_never_passes(console: str, wanted: str, arch: str) -> None:
    found = end(console, OFF, arch)
    assert str(found) == wanted
    assert found.disputed


def test_a_crash_of_which_the_panic_device_was_not_told_is_no_crash() -> None:
    found = end(uninformed(MAIN + ASSERT), OFF, "x86_64")
    assert str(found) == UNKNOWN
    assert "of which the VMM was not told" in found.disputed


@pytest.mark.parametrize("cut", range(len(FRAMES)))
def test_a_stack_overflow_whose_frames_have_no_end_is_a_crash_wherever_it_is_cut(cut: int) -> None:
    found = end(MAIN + FAULT.partition("\n")[0] + "\n" + FRAMES * 2000 + FRAMES[:cut], RAN, "x86_64", None)
    assert (str(found), found.disputed) == ("crashed(page fault)", "")


def test_a_triple_fault_is_a_reset_and_before_main_no_crash() -> None:
    assert str(end(MAIN, RESET, "x86_64")) == "crashed(reset)"
    assert str(end(EARLY, RESET, "x86_64")) == "panicked(before main: reset)"


def test_what_ended_qemu_itself_is_told_first() -> None:
    assert str(end(MAIN + returned(0), RAN, status=None).kind) == "exited"
    failed = RAN + "qemu-system-aarch64: terminating on signal 15 from pid 7 (<unknown process>)\n"
    assert end(MAIN + returned(0), failed).kind == "broken"
    assert str(end(MAIN + returned(0), RAN, status=5)) == "exited(5)"


def test_two_boots_of_one_crash_are_told_alike() -> None:
    first, second = (CRASH.replace("on purpose", f"bad pointer {at}") for at in ("0x7f1200ab", "0x7f34cd01"))
    assert end(MAIN + first, TOLD, "x86_64").detail == end(MAIN + second, TOLD, "x86_64").detail


WORDS = ("\n", " ", "Hello", *EARLY.splitlines(), *CRASH.splitlines(), *FAULT.splitlines(), *returned(0).splitlines())


@given(st.lists(st.sampled_from(WORDS)).map("".join), st.lists(st.sampled_from(WORDS)).map("\n".join))
def test_what_told_the_panic_device_never_succeeds(glued: str, lines: str) -> None:
    for console in (glued, lines, MAIN + lines):
        found = end(console, TOLD, "x86_64")
        assert found.kind in {"crashed", "panicked", "aborted"}


@pytest.mark.parametrize("word", ["Info: ", "CRIT: ", "[    0.1] Info: [lib] <", "main returned ", "Info: <<", "\n \n"])
def test_a_long_console_is_read_in_linear_time(word: str) -> None:
    start = time.process_time()
    end(word * 100_000, OFF)
    assert time.process_time() - start < 5
