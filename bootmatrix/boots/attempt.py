"""One attempt at booting one guest: its job is started, watched to its end, judged, and what is to be kept is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.boots import disks, judgement, onlookers, phases
from bootmatrix.boots.preparing import job_of
from bootmatrix.boots.results import now
from bootmatrix.boots.worlds import Worlds
from bootmatrix.errors import BootmatrixError, Fatal
from bootmatrix.model import STEADY_VERDICTS, Attempt, Rejected, Verdict
from bootmatrix.places import pressure
from bootmatrix.places.place import nothing
from bootmatrix.watching.watch import Watched, watch
from bootmatrix.watching.witness import NOTHING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from bootmatrix.boots.company import Member
    from bootmatrix.boots.counting import Counting
    from bootmatrix.boots.preparing import Prepared
    from bootmatrix.places.namespace import Namespace
    from bootmatrix.places.place import Job, Place
    from bootmatrix.runs.store import Store
    from bootmatrix.toolchains.toolchain import Image
    from bootmatrix.watching.witness import Findings, Witness


@dataclass(frozen=True)
class Turn:
    """Which attempt it is of all, and which of those that the infrastructure did not end; `stretch` times its own
    time-outs are what it has; `held` holds it against its test's limits, with what `pressure` said at its end if it was
    put off before (`again`).
    """

    number: int
    guest_number: int
    stretch: float = 1.0
    held: Callable[[Attempt, float | None], Attempt] = lambda attempt, _ended: attempt
    again: bool = False

    def pressure(self) -> float | None:
        """What is said of it now, where that is asked for."""
        return pressure.waited() if self.again else None


@dataclass(frozen=True)
class Attempts:
    """Makes those of the boots of a run; `follow` wants their consoles, by their ids, while they are printed."""

    store: Store
    stop: threading.Event
    place_of: Callable[[Image], Place]
    follow: Callable[[str, bytes], None] | None = None
    counting: Counting | None = None

    def make(
        self,
        prepared: Prepared,
        place: Place,
        turn: Turn,
        begin: Callable[[], None] = nothing,
        member: Member | None = None,
    ) -> tuple[Attempt, float]:
        """The attempt, and which part it had of the processor time that it could have had.

        `begin` is called when all is ready; `member` is the guest among the others of its test, if it has others.
        """
        started, clock = now(), time.monotonic()
        command: tuple[str, ...] = ()
        own: tuple[str, ...] = ()
        try:
            job = job_of(prepared, turn.guest_number, place.folder())
            command = job.argv
            if member:
                job, begin = replace(job, shared=member.shared, port=member.port), member.begin
            seen, judged, own = self._booted(prepared, place, job, turn, begin, member)
        except Fatal:
            raise
        except (BootmatrixError, Rejected) as error:
            judged = judgement.failed(error)
            seen = Watched(texts.Record(0), texts.Record(0), time.monotonic() - clock, None)
        ended, counted = turn.pressure(), NOTHING
        if self.counting and not member:
            counted = self.counting.counted(prepared, place, turn.guest_number, judged.judgement.verdict)
        if counted is not NOTHING:
            seen = replace(seen, findings=seen.findings | counted)
        attempt = _attempt(prepared, turn, seen, judged, counted, started, command)
        if not member:
            attempt = turn.held(attempt, ended)
        passed = attempt.verdict in {*STEADY_VERDICTS, Verdict.UNDECIDED} and not (member and member.company.failed)
        kept = self.store.keep_consoles(prepared.step.test_id, _name(prepared, turn), seen, passed=passed)
        return replace(attempt, console=kept.console, tender=kept.tender, files=(*kept.others, *own)), judged.share

    def _booted(
        self,
        prepared: Prepared,
        place: Place,
        job: Job,
        turn: Turn,
        begin: Callable[[], None],
        member: Member | None,
    ) -> tuple[Watched, judgement.Judged, tuple[str, ...]]:
        """What was seen of the job, what it comes to, and the files in which its disks are kept."""
        step, fields = prepared.step, prepared.fields
        follow = partial(self.follow, step.id) if self.follow else None
        others = {name: self.place_of(image) for name, image in step.besides.items()}
        world = Worlds(step, fields, {"": place, **others}).of
        also = list(onlookers.of(step, fields, follow, world, turn.stretch, member))
        with place.start(job, partial(_begin, begin, also)) as process:
            limits = onlookers.limits(step, fields, turn.stretch, member)
            seen = watch(process, limits, self.stop, also=also)
            seen = disks.examined(prepared, place, process.disks, seen, turn.guest_number, self.stop)
            judged = judgement.judge(step, fields, seen, turn.stretch)
            own = disks.kept(self.store, step.test_id, _name(prepared, turn), process.disks, judged.judgement.verdict)
        return seen, judged, own


def _attempt(
    prepared: Prepared,
    turn: Turn,
    seen: Watched,
    judged: judgement.Judged,
    counted: Findings,
    started: str,
    command: tuple[str, ...],
) -> Attempt:
    """What was seen and said of it."""
    said, found = judged.judgement, seen.findings
    return Attempt(
        number=turn.number,
        verdict=said.verdict,
        reason=said.reason,
        outcome=said.outcome,
        started=started,
        seconds=round(seen.seconds, 4),
        accelerator=prepared.choice.told,
        accelerator_reason=prepared.choice.reason,
        console_bytes=seen.console.total,
        command=command,
        cases=said.cases,
        starved=judged.starved,
        memory=found.memory,
        ready=found.ready or 0.0,
        checks=found.checks,
        metrics=(*said.metrics, *counted.metrics),
        growth=said.growth,
        phases=phases.of(seen),
    )


def _begin(begin: Callable[[], None], also: Sequence[Witness], namespace: Namespace | None) -> None:
    if namespace:
        for witness in also:
            witness.laid(namespace)
    begin()


def _name(prepared: Prepared, turn: Turn) -> str:
    """What the names of its files begin with."""
    return f"{turn.number}.{prepared.step.guest}" if prepared.step.guest else str(turn.number)
