"""One test on one cell, from its plan to its result: every attempt made, judged and recorded."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from bootmatrix import console, host, locks, metrics, retry, verdict
from bootmatrix.errors import BootmatrixError, Fatal, InfrastructureError
from bootmatrix.model import Attempt, Ending, Outcome, Rejected, Result, repro
from bootmatrix.places.place import nothing
from bootmatrix.preparing import Prepared, Preparer, job_of
from bootmatrix.quantities import human_time
from bootmatrix.tenders import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from bootmatrix.matrix.schema import TestFields
    from bootmatrix.places.place import Place
    from bootmatrix.plan import BootStep
    from bootmatrix.runs.store import Store


INTERRUPTED = "the run was interrupted"


@dataclass
class Booter:
    """Boots tests, each to its result. `alone` keeps all other boots away, for one that they had starved."""

    store: Store
    stop: console.Stop = field(default_factory=threading.Event)
    preparer: Preparer = field(default_factory=Preparer)
    on_begin: Callable[[BootStep], None] = lambda _step: None
    on_attempt: Callable[[BootStep, Attempt], None] = lambda _step, _attempt: None
    on_chunk: Callable[[str, bytes], None] | None = None
    alone: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext

    def run(self, step: BootStep, fields: TestFields, place: Place) -> Result | None:
        """Raises nothing for what a guest, a tender or a place does: that is the result; Fatal if the run must end.

        None if `stop` cut it short: then nothing is known of it.
        """
        started = now()
        with contextlib.ExitStack() as stack:
            try:
                for name in sorted(fields.resources):
                    stack.enter_context(locks.held(f"resource {name}", self.stop))
                prepared = self.preparer.prepare(step, fields, place)
            except Fatal:
                raise
            except Unavailable as error:
                kind = "error" if fields.unavailable == "error" else "skipped"
                return result(step, fields, kind, str(error), started=started)
            except Rejected as error:
                return self._refused(step, fields, error, started)
            except BootmatrixError as error:
                ours = isinstance(error, InfrastructureError)
                if ours and self.stop.is_set():
                    return None
                return result(step, fields, "error", str(error), started=started, infrastructure=ours)
            return self._attempts(prepared, place, started)

    def _attempts(self, prepared: Prepared, place: Place, started: str) -> Result | None:
        step, fields = prepared.step, prepared.fields
        starved = False

        def once(number: int, guest_number: int) -> Attempt:
            nonlocal starved
            with self.alone() if starved else contextlib.nullcontext():
                attempt = self._attempt(prepared, place, number, guest_number)
            starved = attempt.starved
            self.on_attempt(step, attempt)
            return attempt

        made = retry.attempts(fields.retry, once, self.stop.wait, self.stop.is_set)
        if self.stop.is_set() and _cut_short(made, fields):
            return None
        kind, reason = verdict.conclude(made, fields.expected_failure)
        seconds = sum(attempt.seconds for attempt in made)
        told = result(step, fields, kind, reason, started=started, seconds=seconds, attempts=made)
        return replace(told, image=place.name, digest=place.digest, size=prepared.size)

    def _refused(self, step: BootStep, fields: TestFields, error: Rejected, started: str) -> Result:
        outcome = Outcome("rejected", str(error), "checked before the boot")
        reason = f"{error}\n    {error.remedy}" if error.remedy else str(error)
        attempt = Attempt(1, "error", reason, outcome, started, 0.0)
        return result(step, fields, "error", reason, started=started, attempts=[attempt])

    def _attempt(self, prepared: Prepared, place: Place, number: int, guest_number: int) -> Attempt:
        step, fields = prepared.step, prepared.fields
        job = job_of(prepared, guest_number)
        limits = console.Limits(
            fields.timeout, fields.console_limit, fields.idle_timeout, exit_pattern=fields.console_exit
        )
        on_chunk = (lambda chunk: self.on_chunk(step.id, chunk)) if self.on_chunk else None  # type: ignore[misc]
        started, clock = now(), time.monotonic()
        try:
            with place.start(job, partial(self.on_begin, step) if number == 1 else nothing) as process:
                seen = console.watch(process, limits, self.stop, on_chunk=on_chunk)
            judged = judge(step, fields, seen)
        except Fatal:
            raise
        except BootmatrixError as error:
            judged = _failed(error)
            seen = console.Watched(console.Record(0), console.Record(0), time.monotonic() - clock, None)
        files = self.store.keep_consoles(step.id, number, seen)
        return Attempt(
            number=number,
            verdict=judged.verdict,
            reason=judged.reason,
            outcome=judged.outcome,
            started=started,
            seconds=round(seen.seconds, 4),
            accelerator=prepared.choice.name,
            accelerator_reason=prepared.choice.reason,
            console=files.console,
            console_bytes=seen.console.total,
            tender=files.tender,
            command=job.argv,
            cases=judged.cases,
            starved=_starved(seen),
            memory=seen.exit.memory if seen.exit else 0,
            metrics=judged.metrics,
        )


def _cut_short(made: list[Attempt], fields: TestFields) -> bool:
    """Whether there would have been another attempt, or the last was none."""
    last, guests = made[-1], [attempt for attempt in made if attempt.outcome.kind != "broken"]
    if last.outcome.kind == "broken" or last.outcome.detail == INTERRUPTED:
        return True
    return retry.worth_another(fields.retry, last) and len(guests) < fields.retry.attempts


def _failed(error: BootmatrixError) -> verdict.Judgement:
    if isinstance(error, InfrastructureError):
        return verdict.Judgement("error", str(error), Outcome("broken", str(error), "the place failed"))
    return verdict.Judgement("error", str(error), Outcome("rejected", str(error)))


def judge(step: BootStep, fields: TestFields, seen: console.Watched) -> verdict.Judgement:
    if seen.stopped == console.INTERRUPTED:
        return verdict.Judgement("skipped", INTERRUPTED, Outcome("hung", INTERRUPTED))
    if _starved(seen) and seen.strain:
        had, waited = human_time(seen.strain.cpu), human_time(seen.strain.waited)
        what = f"starved: {seen.stopped}, but it had a processor for {had} and waited for one for {waited}"
        return verdict.Judgement("error", what, Outcome("broken", what, "its threads' time on a run queue"))
    ending = Ending(
        status=seen.exit.status if seen.exit else None,
        signal=seen.exit.signal if seen.exit else "",
        stopped=seen.stopped,
        console=console.clean(seen.console.raw()),
        tender=console.clean(seen.tender.raw()),
        out_of_memory=bool(seen.exit and seen.exit.out_of_memory),
        arch=step.arch,
    )
    judged = verdict.judge(fields, step.runner, ending, told=seen.told)
    return replace(judged, metrics=metrics.found(fields.metrics, ending.console))


def _starved(seen: console.Watched) -> bool:
    """Whether a deadline passed since the boot's neighbours kept it from running; a full console proves that it ran."""
    return bool(seen.late and seen.strain and seen.strain.starved(seen.seconds))


def result(
    step: BootStep,
    fields: TestFields,
    kind: str,
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
        infrastructure=infrastructure
        or (kind == "error" and bool(attempts) and (attempts or [])[-1].outcome.kind == "broken"),
        repro=repro(step.id),
        host=host.kind(),
    )


def now() -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
