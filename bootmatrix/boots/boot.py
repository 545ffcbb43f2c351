"""One test on one cell, from its plan to its result: every attempt made, judged and recorded."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.boots import disks, judgement, onlookers, resources, retry
from bootmatrix.boots.preparing import Prepared, Preparer, job_of
from bootmatrix.boots.results import Results, now
from bootmatrix.boots.tenders import Unavailable
from bootmatrix.boots.worlds import Worlds
from bootmatrix.errors import BootmatrixError, Fatal, InfrastructureError
from bootmatrix.judging import verdict
from bootmatrix.model import STEADY_VERDICTS, Attempt, Outcome, OutcomeKind, Rejected, Verdict
from bootmatrix.places import opening
from bootmatrix.places.place import nothing
from bootmatrix.quantities import human_time
from bootmatrix.watching.watch import Watched, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.schema import TestFields
    from bootmatrix.model import Result
    from bootmatrix.places.place import Job, Place
    from bootmatrix.planning.plan import BootStep
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
    preparer: Preparer = field(default_factory=Preparer)
    note: Callable[[str], None] = lambda _text: None
    on_begin: Callable[[BootStep], None] = lambda _step: None
    on_attempt: Callable[[BootStep, Attempt], None] = lambda _step, _attempt: None
    on_chunk: Callable[[str, bytes], None] | None = None
    results: Results = field(default_factory=Results)
    place_of: Callable[[Image], Place] = lambda _image: opening.here()

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
                prepared = self.preparer.prepare(step, fields, place)
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
            found = self._attempts(prepared, place, started, before)
            if not isinstance(found, list):
                return found
            return tried(
                *verdict.conclude(found, fields.expected_failure), attempts=found, place=place, size=prepared.size
            )

    def _attempts(
        self, prepared: Prepared, place: Place, started: str, before: Postponed | None
    ) -> list[Attempt] | Postponed | None:
        step, fields = prepared.step, prepared.fields
        share = 1.0

        def once(number: int, guest_number: int) -> Attempt:
            nonlocal share
            attempt, share = self._attempt(prepared, place, number, guest_number, before.stretch if before else 1.0)
            self.on_attempt(step, attempt)
            return attempt

        made = retry.attempts(fields.retry, once, self.stop.wait, self.stop.is_set, before.attempts if before else ())
        if self.stop.is_set() and _cut_short(made, fields):
            return None
        if made[-1].starved and not before:
            return _postponed(step, fields, started, made, LONGEST - share)
        return made

    def _attempt(
        self, prepared: Prepared, place: Place, number: int, guest_number: int, stretch: float
    ) -> tuple[Attempt, float]:
        """The attempt, and which part it had of the processor time that it could have had."""
        started, clock = now(), time.monotonic()
        command: tuple[str, ...] = ()
        own: tuple[str, ...] = ()
        try:
            job = job_of(prepared, guest_number, place.folder())
            command = job.argv
            seen, judged, own = self._booted(prepared, place, job, number, guest_number, stretch)
        except Fatal:
            raise
        except (BootmatrixError, Rejected) as error:
            judged = judgement.failed(error)
            seen = Watched(texts.Record(0), texts.Record(0), time.monotonic() - clock, None)
        said = judged.judgement
        files = self.store.keep_consoles(prepared.step.id, number, seen, passed=said.verdict in STEADY_VERDICTS)
        attempt = Attempt(
            number=number,
            verdict=said.verdict,
            reason=said.reason,
            outcome=said.outcome,
            started=started,
            seconds=round(seen.seconds, 4),
            accelerator=prepared.choice.name,
            accelerator_reason=prepared.choice.reason,
            console=files.console,
            console_bytes=seen.console.total,
            tender=files.tender,
            files=(*files.others, *own),
            command=command,
            cases=said.cases,
            starved=judged.starved,
            memory=seen.findings.memory,
            ready=seen.findings.ready or 0.0,
            checks=seen.findings.checks,
            metrics=said.metrics,
        )
        return attempt, judged.share

    def _booted(
        self, prepared: Prepared, place: Place, job: Job, number: int, guest_number: int, stretch: float
    ) -> tuple[Watched, judgement.Judged, tuple[str, ...]]:
        """What was seen of the job, what it comes to, and the files in which its disks are kept."""
        step, fields = prepared.step, prepared.fields
        follow = partial(self.on_chunk, step.id) if self.on_chunk else None
        others = {name: self.place_of(image) for name, image in step.besides.items()}
        world = Worlds(step, fields, {"": place, **others}).of
        also = list(onlookers.of(step, fields, follow, world, stretch))
        with place.start(job, partial(self.on_begin, step) if number == 1 else nothing) as process:
            seen = watch(process, onlookers.limits(step, fields, stretch), self.stop, also=also)
            seen = disks.examined(prepared, place, process.disks, seen, guest_number, self.stop)
            judged = judgement.judge(step, fields, seen, stretch)
            own = disks.kept(self.store, step.id, number, process.disks, judged.judgement.verdict)
        return seen, judged, own


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
