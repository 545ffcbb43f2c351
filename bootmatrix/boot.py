"""One test on one cell, from its plan to its result: every attempt made, judged and recorded."""

from __future__ import annotations

import shlex
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bootmatrix import console, retry, verdict
from bootmatrix.errors import BootmatrixError, InfrastructureError
from bootmatrix.model import Attempt, Ending, Outcome, Rejected, Result
from bootmatrix.preparing import Prepared, Preparer, job_of
from bootmatrix.tenders import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.place import Place
    from bootmatrix.plan import BootStep
    from bootmatrix.store import Store


@dataclass
class Booter:
    """Boots tests, each to its result."""

    store: Store
    stop: console.Stop = field(default_factory=threading.Event)
    preparer: Preparer = field(default_factory=Preparer)
    on_attempt: Callable[[BootStep, Attempt], None] = lambda _step, _attempt: None

    def run(self, step: BootStep, place: Place) -> Result:
        """Never raises for what a guest, a tender or an engine does: that is the result."""
        started = now()
        try:
            prepared = self.preparer.prepare(step, place)
        except Unavailable as error:
            kind = "error" if step.fields.unavailable == "error" else "skipped"
            return result(step, kind, str(error), started=started)
        except Rejected as error:
            return self._refused(step, error, started)
        except BootmatrixError as error:
            return result(
                step,
                "error",
                str(error),
                started=started,
                infrastructure=isinstance(error, InfrastructureError),
            )

        def once(number: int, guest_number: int) -> Attempt:
            attempt = self._attempt(prepared, place, number, guest_number)
            self.on_attempt(step, attempt)
            return attempt

        made = retry.attempts(step.fields.retry, once, self.stop.wait, self.stop.is_set)
        kind, reason = verdict.conclude(made, step.fields.expected_failure)
        return result(
            step,
            kind,
            reason,
            started=started,
            seconds=sum(attempt.seconds for attempt in made),
            attempts=made,
            image=place.name,
        )

    def _refused(self, step: BootStep, error: Rejected, started: str) -> Result:
        outcome = Outcome("rejected", str(error), "checked before the boot")
        reason = f"{error}\n    {error.remedy}" if error.remedy else str(error)
        return result(
            step, "error", reason, started=started, attempts=[Attempt(1, "error", reason, outcome, started, 0.0)]
        )

    def _attempt(self, prepared: Prepared, place: Place, number: int, guest_number: int) -> Attempt:
        step, fields = prepared.step, prepared.step.fields
        job = job_of(prepared, guest_number)
        limits = console.Limits(
            fields.timeout, fields.console_limit, fields.idle_timeout, exit_pattern=fields.console_exit
        )
        started, clock = now(), time.monotonic()
        try:
            with place.start(job) as process:
                seen = console.watch(process, limits, self.stop)
            judged = judge(step, seen)
        except InfrastructureError as error:
            broken = Outcome("broken", str(error), "the place failed")
            judged = verdict.Judgement("error", str(error), broken)
            seen = console.Watched(console.Record(0), console.Record(0), time.monotonic() - clock, None)
        except BootmatrixError as error:
            judged = verdict.Judgement("error", str(error), Outcome("rejected", str(error)))
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
        )


def judge(step: BootStep, seen: console.Watched) -> verdict.Judgement:
    if seen.stopped == console.INTERRUPTED:
        return verdict.Judgement("skipped", "the run was interrupted", Outcome("hung", "the run was interrupted"))
    ending = Ending(
        status=seen.exit.status if seen.exit else None,
        signal=seen.exit.signal if seen.exit else "",
        stopped=seen.stopped,
        console=console.clean(seen.console.raw()),
        tender=console.clean(seen.tender.raw()),
        out_of_memory=bool(seen.exit and seen.exit.out_of_memory),
        arch=step.arch,
    )
    return verdict.judge(step.fields, step.runner, ending, told=seen.told)


def result(
    step: BootStep,
    kind: str,
    reason: str,
    *,
    started: str = "",
    seconds: float = 0.0,
    attempts: list[Attempt] | None = None,
    image: str = "",
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
        axes=dict(step.values),
        image=image,
        unikernel=step.fields.unikernel,
        infrastructure=infrastructure
        or (kind == "error" and bool(attempts) and (attempts or [])[-1].outcome.kind == "broken"),
        repro=f"bootmatrix repro {shlex.quote(step.id)}",
    )


def now() -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
