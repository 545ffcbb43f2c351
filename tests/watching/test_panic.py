"""A guest that ends in a panic, and one that goes on after it."""

from __future__ import annotations

import threading

import pytest
from watching.fakes import Clock, FakeProcess, out, watched

from bootmatrix.places.place import CONSOLE, Exit
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.watch import watch
from bootmatrix.watching.witnesses.relay import Relay

PANIC = b"[    0.412345] Kernel panic - not syncing: no init\n"
TRACE = b"[    0.412346] CPU: 0 PID: 1 Comm: init\n[    0.412347]  dump_stack+0x1a/0x30\n"


@pytest.mark.parametrize(
    ("chunks", "seconds"),
    [
        ([PANIC], 1),
        ([PANIC[:20], PANIC[20:], TRACE], 1),
        ([b"boot\n", PANIC, TRACE, b"---[ end Kernel panic ]---\n"], 1),
        ([b"testing the Kernel panic handler\n"], 3),
    ],
)
def test_a_guest_that_ends_in_a_panic_is_ended_a_moment_later(chunks: list[bytes], seconds: float) -> None:
    process = FakeProcess(*map(out, chunks), ends=False)
    seen = watched(process, Limits(1000, 10_000, panic=("Kernel panic",)), step=0.01)
    assert (seen.is_for(StopKind.PANIC), seen.stopped, seen.exit, seen.late) == (True, "", None, False)
    assert seconds <= seen.seconds < seconds + 1
    assert process.killed.is_set()


@pytest.mark.parametrize(
    "chunks",
    [
        [PANIC, b"caught it\n"],
        [PANIC, TRACE, b"ok 1 - Kernel panic\n"],
        [b"ok 1 - Kernel panic\n"],
        [b"# Kernel panic\n"],
        [b"no such line\n"],
    ],
)
def test_a_guest_that_goes_on_after_a_panic_is_not_cut_short(chunks: list[bytes]) -> None:
    process = FakeProcess(*map(out, chunks), ends=False)
    seen = watched(process, Limits(100, 10_000, panic=("Kernel panic",)), step=0.05)
    assert (seen.is_for(StopKind.PANIC), seen.stopped) == (False, "no end within 1 min 40 s")


def test_a_panic_is_told_by_its_end_where_the_guest_ends() -> None:
    seen = watched(FakeProcess(out(PANIC)), Limits(10, 100, panic=("Kernel panic",)), step=5)
    assert (seen.is_for(StopKind.PANIC), seen.exit) == (False, Exit(0))


@pytest.mark.parametrize(("timeout", "idle"), [(0.5, None), (9, 0.5)])
def test_a_panic_is_one_however_short_the_limits_are(timeout: float, idle: float | None) -> None:
    limits = Limits(timeout, 1000, idle, panic=("Kernel panic",))
    seen = watched(FakeProcess(out(PANIC), ends=False), limits, step=0.01)
    assert (seen.is_for(StopKind.PANIC), seen.stopped) == (True, "")
    assert seen.seconds < 1


def test_a_trace_without_end_is_an_end() -> None:
    class Endless(FakeProcess):
        def read(self, seconds: float) -> tuple[str, bytes]:
            del seconds
            return CONSOLE, PANIC

    seen = watched(Endless(), Limits(1000, 10_000_000, panic=("Kernel panic",)), step=0.01)
    assert (seen.is_for(StopKind.PANIC), seen.exit) == (True, None)
    assert 3 <= seen.seconds < 6


def test_time_in_which_we_stood_still_is_no_silence_after_a_panic() -> None:
    clock = Clock()

    def stuck(_chunk: bytes) -> None:
        clock.now += 3600

    process = FakeProcess(out(PANIC), out(b"caught it\n"))
    limits = Limits(5, 1000, panic=("Kernel panic",))
    seen = watch(process, limits, threading.Event(), also=[Relay(stuck)], clock=clock)
    assert (seen.exit, seen.is_for(StopKind.PANIC)) == (Exit(0), False)
