"""A guest's last answer may be its last deed: on a busy host its end comes later, and is waited for all the same."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from watching.fakes import BEGUN, Clock, FakeProcess, out

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.place import END, Exit
from bootmatrix.places.strain import Strain
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.linger import ENOUGH, LONGEST
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.watch import watch
from bootmatrix.watching.witness import Moment, Witness

if TYPE_CHECKING:
    from bootmatrix.watching.watch import Watched

ALL, ALL_BYTES = 1e6, 1 << 20


class Answered(Witness):
    """All was said when the boot began."""

    def __init__(self, kind: StopKind) -> None:
        self.kind = kind

    def tick(self, moment: Moment) -> Stop | None:
        del moment
        return Stop(self.kind, "all checks are done")


class Guest(FakeProcess):
    """Has a `share` of a processor, uses so many seconds of it, and has then ended; its place says so `told` later."""

    def __init__(self, clock: Clock, share: float, uses: float, *, told: float = 0.0, talks: bool = False) -> None:
        super().__init__(ends=False)
        self.clock, self.share, self.uses, self.talks = clock, share, uses, talks
        self.over = BEGUN + uses / share
        self.told = self.over + told

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        self.clock.now += min(seconds, 0.0005) if self.talks else seconds
        if self.clock.now >= self.told:
            return END, b""
        return out(b"x") if self.talks else None

    def strain(self) -> Strain | None:
        wall = self.clock.now - BEGUN
        return None if self.clock.now >= self.over else Strain(self.share * wall, (1 - self.share) * wall, 2)


class Waits(Guest):
    """It waits for a processor in one piece, of which nothing is counted before it has one."""

    def strain(self) -> Strain | None:
        return None if self.clock.now >= self.over else Strain(0.0, 0.0, 2, frozenset({("its thread", 0.0)}))


class Idle(Guest):
    """It wants no processor, as a server that waits."""

    def strain(self) -> Strain | None:
        return Strain(1.0, 0.0, 2)


def seen(guest: Guest, kind: StopKind = StopKind.CHECKED, timeout: float = 1000) -> Watched:
    return watch(guest, Limits(timeout, ALL_BYTES), threading.Event(), also=[Answered(kind)], clock=guest.clock)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.02])
@pytest.mark.parametrize("kind", [Guest, Waits])
def test_an_end_soon_after_the_last_answer_is_its_own_however_busy_the_host(kind: type[Guest], share: float) -> None:
    assert seen(kind(Clock(), share, 0.4 * ENOUGH)).exit == Exit(0)


def test_one_that_prints_meanwhile_is_waited_for_as_well() -> None:
    assert seen(Guest(Clock(), 0.1, 0.4 * ENOUGH, talks=True)).exit == Exit(0)


def test_one_of_whose_end_its_place_tells_late_has_ended() -> None:
    assert seen(Guest(Clock(), 0.5, 0.4 * ENOUGH, told=1.0)).exit == Exit(0)


@pytest.mark.parametrize("share", [1.0, 0.1])
@pytest.mark.parametrize("talks", [False, True])
def test_one_that_goes_on_is_ended_when_it_has_had_its_time(share: float, talks: bool) -> None:
    found = seen(Guest(Clock(), share, ALL, talks=talks))
    assert found.is_for(StopKind.CHECKED)
    assert 0.8 * ENOUGH / share <= found.seconds <= 1.2 * ENOUGH / share + 0.05


def test_an_idle_one_is_not_waited_for_long() -> None:
    found = seen(Idle(Clock(), 1.0, ALL))
    assert found.is_for(StopKind.CHECKED)
    assert found.seconds == pytest.approx(ENOUGH)


def test_a_time_out_that_passes_meanwhile_is_none_of_a_guest_that_has_answered_all() -> None:
    assert seen(Guest(Clock(), 0.1, ALL), timeout=0.2).is_for(StopKind.CHECKED)


@pytest.mark.parametrize("guest", [Guest(Clock(), 0.5, 0.01, told=ALL), Waits(Clock(), 1.0, ALL)])
def test_of_one_that_does_not_run_at_all_or_is_gone_nothing_is_known(guest: Guest) -> None:
    with pytest.raises(InfrastructureError, match="others kept the guest from a processor for 5"):
        seen(guest)
    assert guest.clock.now - BEGUN < LONGEST + 1


def test_what_a_late_one_does_then_is_not_waited_for() -> None:
    found = seen(Guest(Clock(), 0.1, 0.4 * ENOUGH), StopKind.CHECK_LATE)
    assert found.is_for(StopKind.CHECK_LATE)
    assert found.seconds == pytest.approx(ENOUGH)
