"""Time in which we stood still ourselves counts against no limit."""

from __future__ import annotations

import threading

import pytest
from watching.fakes import STATUS, Clock, FakeProcess, out

from bootmatrix.places.place import END, Exit
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.watch import watch
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
