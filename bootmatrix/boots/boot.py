"""One test on one cell, from its plan to its result: every attempt made, judged and recorded."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from bootmatrix.boots import judgement, onlookers, resources, retry, together
from bootmatrix.boots.attempt import Attempts, Turn
from bootmatrix.boots.budget import Budget
from bootmatrix.boots.counting import Counting
from bootmatrix.boots.preparing import Preparer
from bootmatrix.boots.results import Results, now
from bootmatrix.boots.routing import Router
from bootmatrix.boots.tenders import Unavailable
from bootmatrix.errors import BootmatrixError, Fatal, InfrastructureError
from bootmatrix.judging import budgets, verdict
from bootmatrix.model import Attempt, Outcome, OutcomeKind, Rejected, Verdict
from bootmatrix.places import opening, pressure
from bootmatrix.places.place import nothing
from bootmatrix.quantities import human_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bootmatrix.boots.preparing import Prepared
    from bootmatrix.judging.budgets import Earlier
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Measure, Result
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep
    from bootmatrix.runs.store import Store
    from bootmatrix.toolchains.toolchain import Image


LONGEST = 2.0  # times its own time-outs are the most that a boot gets that was starved


@dataclass(frozen=True)
class Postponed:
    """A boot that was starved, to be gone on with when all others have begun: the `attempts` made so far, and how many
    times its time-outs it then has. `why` is for people; `seconds` is what it may take.
    """

    started: str
    attempts: tuple[Attempt, ...]
    stretch: float
    why: str
    seconds: float


@dataclass
class Booter:
    """Boots tests, each to its result."""

    store: Store
    stop: threading.Event = field(default_factory=threading.Event)
    router: Router = field(default_factory=lambda: Router(Preparer()))
    note: Callable[[str], None] = lambda _text: None
    on_begin: Callable[[BootStep], None] = lambda _step: None
    on_attempt: Callable[[BootStep, Attempt], None] = lambda _step, _attempt: None
    on_chunk: Callable[[str, bytes], None] | None = None
    results: Results = field(default_factory=Results)
    earlier: Callable[[str, str, str, Measure], Earlier] = budgets.nothing
    place_of: Callable[[Image], Place] = lambda _image: opening.here()
    counting: Counting = field(init=False)

    def __post_init__(self) -> None:
        self.counting = Counting(self.stop, self.note)

    def run(
        self, step: BootStep, fields: TestFields, place: Place, before: Postponed | None = None, key: str = ""
    ) -> Result | Postponed | None:
        """Raises nothing for what a guest, a tender or a place does: that is the result; Fatal if the run must end.

        Postponed, once, if it was starved; `before` is that to go on with. None if `stop` cut it short: then nothing is
        known of it. `key` is what a pass depends on.
        """
        started = before.started if before else now()
        tried = partial(self.results.tried, step, fields, started=started, key=key)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(resources.held(step.resources, self.stop, self.note))
                prepared, place = self.router.prepare(step, fields, place)
            except Fatal:
                raise
            except Unavailable as error:
                kind = Verdict.ERROR if fields.unavailable == "error" else Verdict.SKIPPED
                return tried(kind, str(error))
            except Rejected as error:
                attempt = _refused(fields, error, started)
                return tried(attempt.verdict, attempt.reason, attempts=[attempt])
            except BootmatrixError as error:
                ours = isinstance(error, InfrastructureError)
                if ours and self.stop.is_set():
                    return None
                return tried(Verdict.ERROR, str(error), infrastructure=ours)
            found = self._attempts(step, fields, prepared, place, started, before)
            if not isinstance(found, list):
                return found
            return tried(
                *verdict.conclude(found, fields.expected_failure),
                attempts=found,
                place=place,
                size=sum(each.size for each in prepared),
            )

    def _attempts(
        self,
        step: BootStep,
        fields: TestFields,
        prepared: Sequence[Prepared],
        place: Place,
        started: str,
        before: Postponed | None,
    ) -> list[Attempt] | Postponed | None:
        share = 1.0
        held = partial(self._held, step, fields, place, sum(each.size for each in prepared))

        def once(number: int, guest_number: int) -> Attempt:
            nonlocal share
            turn = Turn(number, guest_number, before.stretch if before else 1.0, held(before), again=bool(before))
            begin = partial(self.on_begin, step) if number == 1 else nothing
            attempt, share = self._attempt(prepared, place, turn, begin)
            self.on_attempt(step, attempt)
            return attempt

        made = retry.attempts(fields.retry, once, self.stop.wait, self.stop.is_set, before.attempts if before else ())
        if self.stop.is_set() and _cut_short(made, fields):
            return None
        if made[-1].starved and not before:
            return _postponed(step, fields, started, made, LONGEST - share)
        return made

    def _held(
        self, step: BootStep, fields: TestFields, place: Place, size: int, before: Postponed | None
    ) -> Callable[[Attempt, float | None], Attempt]:
        """What holds the attempt that is made now against its limits."""
        earlier = partial(self.earlier, step.id, place.host.kind)
        if not before:
            return Budget(fields.limits, size, earlier).judged
        return Budget(fields.limits, size, earlier, before.attempts[-1], pressure.waited()).judged

    def _attempt(
        self, prepared: Sequence[Prepared], place: Place, turn: Turn, begin: Callable[[], None]
    ) -> tuple[Attempt, float]:
        """The attempt, and which part it had of the processor time that it could have had."""
        attempts = Attempts(self.store, self.stop, self.place_of, self.on_chunk, self.counting)
        if len(prepared) == 1 and not prepared[0].step.guest:
            return attempts.make(prepared[0], place, turn, begin)
        return together.make(attempts, {each.step.guest: each for each in prepared}, place, turn, begin)


def _refused(fields: TestFields, error: Rejected, started: str) -> Attempt:
    """The attempt of a test that was not even booted."""
    outcome = Outcome(OutcomeKind.REJECTED, str(error), "checked before the boot")
    reason = f"{error}\n    {error.remedy}" if error.remedy else str(error)
    kind = Verdict.SKIPPED if verdict.is_skip(fields, outcome) else Verdict.ERROR
    return Attempt(1, kind, reason, outcome, started, 0.0)


def _cut_short(made: list[Attempt], fields: TestFields) -> bool:
    """Whether there would have been another attempt, or the last was none."""
    last, guests = made[-1], [attempt for attempt in made if not attempt.broken]
    if last.broken or last.outcome.detail == judgement.INTERRUPTED:
        return True
    return retry.worth_another(fields.retry, last) and len(guests) < fields.retry.attempts


def _postponed(step: BootStep, fields: TestFields, started: str, made: list[Attempt], stretch: float) -> Postponed:
    limits = onlookers.limits(step, fields, stretch)
    idle = f" ({human_time(limits.idle)} without console output)" if limits.idle else ""
    why = f"{made[-1].reason}; tried again at the end of the run, with {human_time(limits.timeout)}{idle}"
    return Postponed(started, tuple(made), stretch, why, limits.timeout)
