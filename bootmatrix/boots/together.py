"""One attempt at a test of several guests: each boots in a thread of its own, and what becomes of them is one."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from bootmatrix.boots import judgement
from bootmatrix.boots.company import Abandoned, Company, Member
from bootmatrix.boots.results import now
from bootmatrix.errors import BootmatrixError, Fatal
from bootmatrix.matrix.keys.guests import SEPARATOR
from bootmatrix.model import RANKS, Attempt, Case, CheckResult, Growth, Verdict, measured
from bootmatrix.places.place import nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bootmatrix.boots.attempt import Attempts, Turn
    from bootmatrix.boots.preparing import Prepared
    from bootmatrix.places.namespace import Shared
    from bootmatrix.places.place import Place

Named = TypeVar("Named", Case, CheckResult, Growth)


def make(
    attempts: Attempts,
    guests: Mapping[str, Prepared],
    place: Place,
    turn: Turn,
    begin: Callable[[], None] = nothing,
) -> tuple[Attempt, float]:
    """As `Attempts.make`; `guests` are prepared, by name."""
    started, clock = now(), time.monotonic()
    try:
        return _made(attempts, guests, place, turn, begin)
    except Fatal:
        raise
    except BootmatrixError as error:
        said = judgement.failed(error).judgement
        seconds = round(time.monotonic() - clock, 4)
        return Attempt(turn.number, said.verdict, said.reason, said.outcome, started, seconds), 1.0


def _made(
    attempts: Attempts, guests: Mapping[str, Prepared], place: Place, turn: Turn, begin: Callable[[], None]
) -> tuple[Attempt, float]:
    started, clock = now(), time.monotonic()
    first = next(iter(guests.values())).step
    together = [name for name, each in guests.items() if not each.step.after]
    company = Company(guests, together, attempts.stop)
    with _shared(first.test_id, guests, place) as shared:
        begin()
        members = {
            name: Member(name, company, shared, number, name in together, each.job.interfaces)
            for number, (name, each) in enumerate(guests.items())
        }
        hands = {name: _Hand(attempts, guests[name], place, turn, member) for name, member in members.items()}
        for hand in hands.values():
            hand.start()
        for hand in hands.values():
            hand.join()
    if fatal := next((hand.fatal for hand in hands.values() if hand.fatal), None):
        raise fatal
    made = {name: hand.attempt for name, hand in hands.items() if hand.attempt}
    begun = min((member.begun for member in members.values() if member.begun), default=clock)
    ends = [members[name].begun + each.seconds for name, each in made.items() if members[name].begun]
    whole = joined(made, company.failed, started, max(ends, default=time.monotonic()) - begun)
    return turn.held(whole, turn.pressure()), min(hand.share for hand in hands.values())


@contextlib.contextmanager
def _shared(name: str, guests: Mapping[str, Prepared], place: Place) -> Iterator[Shared | None]:
    interfaces = [each for guest in guests.values() for each in guest.job.interfaces]
    if not interfaces:
        yield None
        return
    with place.shared(f"the networks of {name}", interfaces) as shared:
        yield shared


class _Hand(threading.Thread):
    """Boots one of the guests. It ends with it, and with the run: a guest's own limits hold."""

    def __init__(self, attempts: Attempts, prepared: Prepared, place: Place, turn: Turn, member: Member) -> None:
        super().__init__(name=f"guest {member.name}", daemon=True)
        self.attempts, self.prepared, self.place, self.turn, self.member = attempts, prepared, place, turn, member
        self.attempt: Attempt | None = None
        self.share = 1.0
        self.fatal: BaseException | None = None

    def run(self) -> None:
        company, name = self.member.company, self.member.name
        try:
            company.follow(self.prepared.step.after)
            self.attempt, self.share = self.attempts.make(self.prepared, self.place, self.turn, member=self.member)
        except Abandoned:
            self.attempt = _unstarted(self.turn, company.failed)
        except BaseException as error:  # noqa: BLE001  # raised again by the thread that waits
            self.fatal = error
        if self.attempt and self.attempt.verdict in {Verdict.PASSED, Verdict.UNDECIDED}:
            company.done(name)
        elif not self.attempt or not judgement.is_abandoned(self.attempt):
            company.fail(name)


def _unstarted(turn: Turn, failed: str) -> Attempt:
    said = judgement.unstarted(failed)
    return Attempt(turn.number, said.verdict, said.reason, said.outcome, now(), 0.0)


def joined(made: Mapping[str, Attempt], failed: str, started: str, seconds: float) -> Attempt:
    """What becomes of a test whose guests came to these attempts, of which `failed` was the first to fail: the worst.

    Its console, its command and its outcome are those of the guest that decides; what was told and measured of each is
    told with the guest's name before it.
    """
    name, decides = min(made.items(), key=lambda each: (_rank(each[1]), each[0] != failed))
    first = made.get(failed, decides)
    reason = SEPARATOR.join((name, decides.reason))
    if decides.verdict == Verdict.PASSED:
        reason = "; ".join(SEPARATOR.join((guest, each.reason)) for guest, each in made.items())
    elif first is not decides:
        reason = f"{reason}; the first to fail was {SEPARATOR.join((failed, first.reason))}"
    memories = [each.memory for each in made.values()]
    return replace(
        decides,
        reason=reason,
        started=started,
        seconds=round(seconds, 4),
        starved=any(each.starved for each in made.values()),
        memory=sum(memories) if all(memories) else 0,
        ready=max(each.ready for each in made.values()),
        cases=tuple(_named(guest, case) for guest, each in made.items() for case in each.cases),
        checks=tuple(_named(guest, check) for guest, each in made.items() for check in each.checks),
        growth=tuple(_named(guest, each) for guest, one in made.items() for each in one.growth),
        metrics=tuple(
            replace(each, name=f"{guest}.{each.name}") for guest, one in made.items() for each in measured(one)
        ),
        files=(),
        phases=(),
        guests=made,
    )


def _rank(attempt: Attempt) -> int:
    """The worst first: what the infrastructure did may have been the reason for all else."""
    if attempt.outcome.detail == judgement.INTERRUPTED:
        return -2
    if attempt.broken:
        return -1
    if judgement.is_abandoned(attempt):
        return len(RANKS) + 1
    return len(RANKS) if attempt.verdict == Verdict.PASSED else RANKS[attempt.verdict]  # one that skipped itself counts


def _named(guest: str, told: Named) -> Named:
    return replace(told, name=SEPARATOR.join((guest, told.name)))
