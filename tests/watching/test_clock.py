"""Time in which we stood still ourselves counts against no limit."""

from __future__ import annotations

import threading

import pytest
from watching.fakes import STATUS, Clock, FakeProcess, out

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.place import END, Exit
from bootmatrix.places.stillness import Stillness
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.watch import Watched, watch
from bootmatrix.watching.witness import Moment, Witness
from bootmatrix.watching.witnesses.relay import Relay


class Frozen(FakeProcess):
    """We stand still for 100 s while it is read for the third time; it ends after `looks` more."""

    def __init__(self, clock: Clock, looks: int) -> None:
        super().__init__(out(b"EXIT: STATUS=1\n"), ends=False)
        self.clock, self.looks, self.reads = clock, looks, 0

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        self.clock.now += seconds
        self.reads += 1
        if self.reads == 3:
            self.clock.now += 100
        return (END, b"") if self.reads > 3 + self.looks else super().read(seconds)


WAYS_TO_BE_LATE = [Limits(5, 100), Limits(1000, 100, idle=5), Limits(1000, 100, exit_pattern=STATUS)]


@pytest.mark.parametrize("limits", WAYS_TO_BE_LATE)
def test_time_in_which_we_stood_still_counts_against_no_limit(limits: Limits) -> None:
    clock = Clock()
    seen = watch(Frozen(clock, 10), limits, threading.Event(), clock=clock)
    assert (seen.exit, seen.stopped, seen.is_for(StopKind.STATUS_TOLD)) == (Exit(0), "", False)
    assert seen.stood == pytest.approx(100)
    assert seen.seconds == pytest.approx(101.4)


@pytest.mark.parametrize("limits", WAYS_TO_BE_LATE)
def test_after_it_the_limits_hold(limits: Limits) -> None:
    clock = Clock()
    seen = watch(Frozen(clock, 1000), limits, threading.Event(), clock=clock)
    assert seen.exit is None
    assert 102 < seen.seconds < 106


def test_a_silent_guest_is_looked_at_ten_times_a_second() -> None:
    clock = Clock()
    silent = Frozen(clock, 1000)
    assert watch(silent, Limits(20, 100), threading.Event(), clock=clock).stopped == "no end within 20 s"
    assert silent.reads <= 203


def test_a_terminal_that_takes_no_output_counts_against_no_limit() -> None:
    clock = Clock()

    def stuck(_chunk: bytes) -> None:
        clock.now += 3600

    seen = watch(FakeProcess(out(b"a"), out(b"b")), Limits(5, 10), threading.Event(), also=[Relay(stuck)], clock=clock)
    assert (seen.exit, seen.stood) == (Exit(0), 7200)


class Still(FakeProcess):
    """Its place stands still once it has printed a status: it says so when asked for the third time. It ends then,
    or is silent for ever.
    """

    def __init__(self, clock: Clock, stood: float, *, ends: bool) -> None:
        super().__init__(out(b"EXIT: STATUS=1\n"), ends=False)
        self.clock, self.lost, self.asked = clock, stood, 0
        self.exits = ends

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        self.clock.now += seconds
        return (END, b"") if self.exits and self.asked >= 3 else super().read(seconds)

    def stood(self) -> Stillness | None:
        self.asked += 1
        self.clock.now += 0.1
        return Stillness(self.lost, self.clock.now) if self.asked >= 3 else None


@pytest.mark.parametrize("limits", WAYS_TO_BE_LATE)
def test_time_in_which_its_place_stood_still_counts_against_no_limit(limits: Limits) -> None:
    clock = Clock()
    ends = watch(Still(clock, 4, ends=True), limits, threading.Event(), clock=clock)
    assert (ends.exit, ends.stopped, ends.stood) == (Exit(0), "", 4)
    clock = Clock()
    hangs = watch(Still(clock, 4, ends=False), limits, threading.Event(), clock=clock)
    assert hangs.stop
    assert (7 if limits.exit_pattern else 9) < hangs.seconds < 10


def test_a_guest_that_keeps_its_place_from_running_has_an_end() -> None:
    class Keeps(Still):
        def stood(self) -> Stillness:
            return Stillness((self.clock.now - self.begun) * 0.9, self.clock.now)

    clock = Clock()
    seen = watch(Keeps(clock, 0, ends=False), Limits(5, 100), threading.Event(), clock=clock)
    assert seen.stopped == "no end within 5.00 s"
    assert seen.seconds < 50


class Late(Witness):
    """A check that began so many seconds after the boot, and is told to have been late when 105 are over."""

    def __init__(self, clock: Clock, began: float) -> None:
        self.clock, self.since = clock, clock.now + began

    def tick(self, moment: Moment) -> Stop | None:
        del moment
        over = self.clock.now > self.since + 105
        return Stop(StopKind.CHECK_LATE, "the check 'tcp' failed", self.since) if over else None


def with_a_late_check(who: str, began: float) -> Watched:
    """The boot stands still for 100 s, until something like 100 s after its beginning."""
    clock = Clock()
    late = Late(clock, began)
    if who == "we":
        return watch(Frozen(clock, 9000), Limits(1000, 100), threading.Event(), also=[late], clock=clock)

    class Paused(Still):
        def stood(self) -> Stillness:
            return Stillness(100, self.begun + 100)

    process = Paused(clock, 0, ends=False)
    return watch(process, Limits(1000, 100), threading.Event(), also=[late], clock=clock)


@pytest.mark.parametrize("who", ["we", "its place"])
def test_a_check_that_was_late_since_something_stood_still_says_nothing_of_the_guest(who: str) -> None:
    words = "the check 'tcp' failed, but meanwhile it or bootmatrix stood still, for 1 min 40 s in all"
    with pytest.raises(InfrastructureError, match=words):
        with_a_late_check(who, 0)


@pytest.mark.parametrize("who", ["we", "its place"])
def test_a_check_that_began_after_it_and_was_late_does(who: str) -> None:
    assert with_a_late_check(who, 110).stopped == "the check 'tcp' failed"
