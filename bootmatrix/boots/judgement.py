"""From what was seen of a boot to its judgement: whether it may be judged at all, or was starved of processor time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.errors import InfrastructureError
from bootmatrix.judging import metrics, verdict
from bootmatrix.model import Ending, Outcome
from bootmatrix.places.strain import STARVED
from bootmatrix.quantities import human_time
from bootmatrix.watching import console

if TYPE_CHECKING:
    from bootmatrix.errors import BootmatrixError
    from bootmatrix.matrix.schema import TestFields
    from bootmatrix.planning.plan import BootStep

INTERRUPTED = "the run was interrupted"
ENOUGH = 1 / 4  # of its own time-out, in which a boot that was starved before was free: then its word counts
EVIDENCE = "its threads' time on processors and on run queues"
REMEDY = "run it again when this host has less to do, or with a smaller -j"


@dataclass(frozen=True)
class Judged:
    """A judgement, and where the boot was starved (else 1) which part it had of what it could have had."""

    judgement: verdict.Judgement
    share: float = 1.0

    @property
    def starved(self) -> bool:
        return self.share < 1.0


def judge(step: BootStep, fields: TestFields, seen: console.Watched, stretch: float = 1.0) -> Judged:
    """`stretch` times its time-outs are what the boot had, more than 1 after it was starved: then its word counts if
    it had a quarter of what its own time-outs would have let it have, or wanted none.
    """
    if seen.stopped == console.INTERRUPTED:
        return Judged(verdict.Judgement("skipped", INTERRUPTED, Outcome("hung", INTERRUPTED)))
    share = _share(fields, seen)
    if share >= STARVED:
        return Judged(_judged(step, fields, seen))
    if stretch > 1 and _free(fields, seen) * stretch >= ENOUGH:
        return Judged(_judged(step, fields, replace(seen, stopped=f"{seen.stopped}, in which it had {_part(seen)}")))
    what = _starved(fields, seen)
    what = f"{what}; {REMEDY}" if stretch > 1 else what
    return Judged(verdict.Judgement("error", what, Outcome("broken", what, EVIDENCE)), share)


def failed(error: BootmatrixError) -> Judged:
    """Of a boot that could not even be watched to its end."""
    if isinstance(error, InfrastructureError):
        return Judged(verdict.Judgement("error", str(error), Outcome("broken", str(error), "the place failed")))
    return Judged(verdict.Judgement("error", str(error), Outcome("rejected", str(error))))


def _judged(step: BootStep, fields: TestFields, seen: console.Watched) -> verdict.Judgement:
    ending = Ending(
        status=seen.exit.status if seen.exit else None,
        signal=seen.exit.signal if seen.exit else "",
        stopped=seen.stopped,
        console=texts.clean(seen.console.raw()),
        tender=texts.clean(seen.tender.raw()),
        out_of_memory=bool(seen.exit and seen.exit.out_of_memory),
        arch=step.arch,
    )
    judged = verdict.judge(fields, step.runner, ending, told=seen.told, panicked=seen.panicked, root=step.root)
    return replace(judged, metrics=metrics.found(fields.metrics, ending.console))


def _share(fields: TestFields, seen: console.Watched) -> float:
    """Only a deadline can pass since others had the processors: a full console proves that the guest ran."""
    return seen.strain.share(_wall(seen), fields.cpus) if seen.late and seen.strain else 1.0


def _free(fields: TestFields, seen: console.Watched) -> float:
    assert seen.strain  # noqa: S101  # or it has no share
    return seen.strain.free(_wall(seen), fields.cpus)


def _wall(seen: console.Watched) -> float:
    return max(seen.seconds - seen.stood, 0.001)


def _starved(fields: TestFields, seen: console.Watched) -> str:
    assert seen.strain  # noqa: S101  # or it has no share
    had, allowed = human_time(seen.strain.cpu), human_time(seen.strain.allowed(_wall(seen), fields.cpus))
    return f"starved: {seen.stopped}, in which it had a processor for {had} and could have had one for {allowed}"


def _part(seen: console.Watched) -> str:
    assert seen.strain  # noqa: S101  # or it has no share
    return f"{seen.strain.cpu / _wall(seen):.0%} of a processor"
