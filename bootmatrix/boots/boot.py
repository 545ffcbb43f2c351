"""One test on one cell, from its plan to its result: every attempt made, judged and recorded."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from bootmatrix import host, texts
from bootmatrix.boots import judgement, resources, retry
from bootmatrix.boots.preparing import Prepared, Preparer, job_of
from bootmatrix.boots.tenders import Unavailable
from bootmatrix.errors import BootmatrixError, Fatal, InfrastructureError
from bootmatrix.judging import verdict
from bootmatrix.model import Attempt, Outcome, OutcomeKind, Rejected, Result, Verdict
from bootmatrix.places.place import nothing
from bootmatrix.quantities import human_time
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.watch import Watched, watch
from bootmatrix.watching.witnesses.relay import Relay
from bootmatrix.watching.witnesses.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.schema import TestFields
    from bootmatrix.places.place import Place
    from bootmatrix.planning.plan import BootStep
    from bootmatrix.runs.store import Store


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

    def run(
        self, step: BootStep, fields: TestFields, place: Place, before: Postponed | None = None
    ) -> Result | Postponed | None:
        """Raises nothing for what a guest, a tender or a place does: that is the result; Fatal if the run must end.

        Postponed, once, if it was starved; `before` is that to go on with. None if `stop` cut it short: then nothing is
        known of it.
        """
        started = before.started if before else now()
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(resources.held(step.resources, self.stop, self.note))
                prepared = self.preparer.prepare(step, fields, place)
            except Fatal:
                raise
            except Unavailable as error:
                kind = Verdict.ERROR if fields.unavailable == "error" else Verdict.SKIPPED
                return result(step, fields, kind, str(error), started=started)
            except Rejected as error:
                return self._refused(step, fields, error, started)
            except BootmatrixError as error:
                ours = isinstance(error, InfrastructureError)
                if ours and self.stop.is_set():
                    return None
                return result(step, fields, Verdict.ERROR, str(error), started=started, infrastructure=ours)
            return self._attempts(prepared, place, started, before)

    def _attempts(
        self, prepared: Prepared, place: Place, started: str, before: Postponed | None
    ) -> Result | Postponed | None:
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
        kind, reason = verdict.conclude(made, fields.expected_failure)
        seconds = sum(attempt.seconds for attempt in made)
        told = result(step, fields, kind, reason, started=started, seconds=seconds, attempts=made)
        return replace(told, image=place.name, digest=place.digest, host=place.host.kind, size=prepared.size)

    def _refused(self, step: BootStep, fields: TestFields, error: Rejected, started: str) -> Result:
        outcome = Outcome(OutcomeKind.REJECTED, str(error), "checked before the boot")
        reason = f"{error}\n    {error.remedy}" if error.remedy else str(error)
        kind = Verdict.SKIPPED if verdict.is_skip(fields, outcome) else Verdict.ERROR
        attempt = Attempt(1, kind, reason, outcome, started, 0.0)
        return result(step, fields, kind, reason, started=started, attempts=[attempt])

    def _attempt(
        self, prepared: Prepared, place: Place, number: int, guest_number: int, stretch: float
    ) -> tuple[Attempt, float]:
        """The attempt, and which part it had of the processor time that it could have had."""
        step, fields = prepared.step, prepared.fields
        job = job_of(prepared, guest_number, place.folder())
        also = [Usage(), *([Relay(partial(self.on_chunk, step.id))] if self.on_chunk else [])]
        started, clock = now(), time.monotonic()
        try:
            with place.start(job, partial(self.on_begin, step) if number == 1 else nothing) as process:
                seen = watch(process, _limits(step, fields, stretch), self.stop, also=also)
            judged = judgement.judge(step, fields, seen, stretch)
        except Fatal:
            raise
        except BootmatrixError as error:
            judged = judgement.failed(error)
            seen = Watched(texts.Record(0), texts.Record(0), time.monotonic() - clock, None)
        files = self.store.keep_consoles(step.id, number, seen)
        said = judged.judgement
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
            files=files.others,
            command=job.argv,
            cases=said.cases,
            starved=judged.starved,
            memory=seen.findings.memory,
            metrics=said.metrics,
        )
        return attempt, judged.share


def _cut_short(made: list[Attempt], fields: TestFields) -> bool:
    """Whether there would have been another attempt, or the last was none."""
    last, guests = made[-1], [attempt for attempt in made if not attempt.broken]
    if last.broken or last.outcome.detail == judgement.INTERRUPTED:
        return True
    return retry.worth_another(fields.retry, last) and len(guests) < fields.retry.attempts


def _limits(step: BootStep, fields: TestFields, stretch: float) -> Limits:
    idle = fields.idle_timeout * stretch if fields.idle_timeout else None
    return Limits(
        timeout=fields.timeout * stretch,
        size=fields.console_limit,
        idle=idle,
        exit_pattern=fields.console_exit,
        noise=step.runner.noise,
        panic=step.runner.panic,
    )


def _postponed(step: BootStep, fields: TestFields, started: str, made: list[Attempt], stretch: float) -> Postponed:
    limits = _limits(step, fields, stretch)
    idle = f" ({human_time(limits.idle)} without a console byte)" if limits.idle else ""
    why = f"{made[-1].reason}; tried again at the end of the run, with {human_time(limits.timeout)}{idle}"
    return Postponed(started, tuple(made), stretch, why, limits.timeout)


def result(
    step: BootStep,
    fields: TestFields,
    kind: Verdict,
    reason: str,
    *,
    started: str = "",
    seconds: float = 0.0,
    attempts: list[Attempt] | None = None,
    infrastructure: bool = False,
) -> Result:
    return Result(
        cell=step.cell.id,
        test=step.test,
        verdict=kind,
        reason=reason,
        seconds=round(seconds, 4),
        started=started or now(),
        attempts=tuple(attempts or ()),
        axes=step.values,
        unikernel=fields.unikernel,
        infrastructure=infrastructure or (kind == Verdict.ERROR and bool(attempts) and (attempts or [])[-1].broken),
        repro=step.repro,
        where=step.where,
        host=host.kind(),
    )


def now() -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
