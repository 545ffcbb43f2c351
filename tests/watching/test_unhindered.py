"""A guest that others keep from a processor: its silence says less, and what it does next comes later."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from watching.fakes import BEGUN, STATUS, Clock, FakeProcess, out

from bootmatrix.boots import starvation
from bootmatrix.places.place import CONSOLE
from bootmatrix.places.strain import Strain
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.unhindered import Unhindered
from bootmatrix.watching.watch import watch

if TYPE_CHECKING:
    from bootmatrix.watching.watch import Watched

TOLD = b"EXIT: STATUS=0\n"
PANIC = b"PANIC: no init\n"
MENTIONED = b"about to PANIC\n"


class Busy(FakeProcess):
    """It has a `share` of a processor for so many seconds, and then wants none; `more` is printed `after` so many."""

    def __init__(
        self, clock: Clock, first: bytes, share: float, wants: float = 1e6, more: bytes = b"", after: float = 1e6
    ) -> None:
        super().__init__(out(first), ends=False)
        self.clock, self.share, self.wants, self.more, self.after = clock, share, wants, more, after

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        if self.more and self.clock.now >= BEGUN + self.after:
            self.chunks.append((CONSOLE, self.more))
            self.more = b""
        return super().read(seconds)

    def strain(self) -> Strain | None:
        wanted = min(self.clock.now - BEGUN, self.wants)
        return Strain(self.share * wanted, (1 - self.share) * wanted, 2)


def seen(first: bytes, share: float, *more: object, idle: float | None = None) -> Watched:
    clock = Clock(0.02)
    limits = Limits(1000, 10_000, idle, exit_pattern=STATUS, panic=("PANIC",))
    return watch(Busy(clock, first, share, *more), limits, threading.Event(), clock=clock)  # type: ignore[arg-type]


class Queued(Busy):
    """It waits for a second at a time, of which nothing is counted before that is over; then it runs a moment."""

    def strain(self) -> Strain | None:
        turns = int(self.clock.now - BEGUN)
        return Strain(0.001 * turns, 0.999 * turns, 2, frozenset({("its thread", 0.001 * turns)}))


ENDS = [(TOLD, StopKind.STATUS_TOLD, 3), (PANIC, StopKind.PANIC, 1), (MENTIONED, StopKind.PANIC, 3)]


@pytest.mark.parametrize(("first", "kind", "grace"), ENDS)
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_the_less_it_has_the_longer_it_must_be_silent(first: bytes, kind: StopKind, grace: float, share: float) -> None:
    found = seen(first, share)
    assert found.is_for(kind)
    assert 0.7 * grace / share <= found.seconds <= 1.1 * grace / share + 0.3


@pytest.mark.parametrize(("first", "kind", "grace"), ENDS)
def test_one_that_was_delayed_when_it_began_and_has_ended_is_not_waited_for(
    first: bytes, kind: StopKind, grace: float
) -> None:
    found = seen(first, 0.0, 0.01)
    assert found.is_for(kind)
    assert grace <= found.seconds <= grace + 0.5


@pytest.mark.parametrize(("first", "kind", "grace"), ENDS)
def test_one_that_goes_on_late_has_not_ended(first: bytes, kind: StopKind, grace: float) -> None:
    found = seen(first, 0.1, 1e6, b"it goes on\n", 5.0 * grace)
    assert not found.is_for(kind)
    assert found.late


@pytest.mark.parametrize(("first", "kind", "grace"), ENDS)
def test_a_wait_that_is_not_over_is_no_silence(first: bytes, kind: StopKind, grace: float) -> None:
    clock = Clock(0.02)
    process = Queued(clock, first, 0.0, 1e6, b"it goes on\n", 30.0 * grace)
    limits = Limits(200, 10_000, exit_pattern=STATUS, panic=("PANIC",))
    assert not watch(process, limits, threading.Event(), clock=clock).is_for(kind)


@pytest.mark.parametrize(("share", "kind"), [(0.5, StopKind.STATUS_TOLD), (0.1, StopKind.IDLE)])
def test_where_it_is_ended_anyway_a_part_of_the_silence_must_do(share: float, kind: StopKind) -> None:
    found = seen(TOLD, share, idle=2.0)
    assert found.is_for(kind)
    assert 2 <= found.seconds < 2.5


def test_a_trace_without_end_is_none_while_others_have_its_processor() -> None:
    class Tracing(Busy):
        def read(self, seconds: float) -> tuple[str, bytes]:
            del seconds
            return CONSOLE, PANIC

    for share, least, most in ((1.0, 3, 8), (0.1, 25, 45)):
        clock = Clock(0.02)
        limits = Limits(1000, 10_000_000, panic=("PANIC",))
        found = watch(Tracing(clock, PANIC, share), limits, threading.Event(), clock=clock)
        assert found.is_for(StopKind.PANIC)
        assert least <= found.seconds < most


@pytest.mark.parametrize("busy", [True, False])
def test_what_a_silent_guest_had_is_asked_in_its_silence(busy: bool) -> None:
    """It had run for long before others had its processor: what it lost since is little of all its time."""

    class Lived(FakeProcess):
        def read(self, seconds: float) -> tuple[str, bytes] | None:
            return (CONSOLE, b".\n") if clock.now < BEGUN + 100 else super().read(seconds)

        def strain(self) -> Strain | None:
            lived = clock.now - BEGUN
            return Strain(min(lived, 100.0), max(0.0, lived - 100.0) if busy else 0.0, 2)

    clock = Clock(0.02)
    found = watch(Lived(ends=False), Limits(1000, 1_000_000, idle=5.0), threading.Event(), clock=clock)
    assert found.is_for(StopKind.IDLE)
    assert bool(starvation.of(found, 1)) is busy


class Looked(FakeProcess):
    """At each look it has waited for so many seconds, of those waits that are over."""

    def __init__(self, *waited: float) -> None:
        super().__init__()
        self.waited = iter(waited)

    def strain(self) -> Strain | None:
        return Strain(0.0, next(self.waited))


def test_a_wait_that_began_long_before_a_look_is_held_against_all_the_time_that_it_lasted() -> None:
    """Of 0.9 s that are told at 1.5 s only 0.5 s are of the time since the look before."""
    counted = Unhindered(1)
    counted.began(Looked(0.0, 0.5, 1.4, 1.4, 1.4))
    counted.begin(BEGUN)
    looks = [counted.reached(BEGUN + passed, 1.0) for passed in (1.0, 1.5, 2.0, 2.5)]
    assert looks == [False, False, False, True]
