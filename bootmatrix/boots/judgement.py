"""From what was seen of a boot to its judgement: whether it may be judged at all, or was starved of processor time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.boots import starvation
from bootmatrix.errors import InfrastructureError
from bootmatrix.judging import growth, metrics, verdict
from bootmatrix.model import Ending, Outcome, OutcomeKind, Rejected, Verdict
from bootmatrix.watching.stop import StopKind

if TYPE_CHECKING:
    from bootmatrix.errors import BootmatrixError
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Attempt
    from bootmatrix.planning.step import BootStep
    from bootmatrix.watching.watch import Watched

INTERRUPTED = "the run was interrupted"
ABANDONED = "ended by bootmatrix for another guest's sake"
ENOUGH = 1 / 4  # of its own time-out, in which a boot that was starved before was free: then its word counts


@dataclass(frozen=True)
class Judged:
    """A judgement, and where the boot was starved (else 1) which part it had of what it could have had."""

    judgement: verdict.Judgement
    share: float = 1.0

    @property
    def starved(self) -> bool:
        return self.share < 1.0


def judge(step: BootStep, fields: TestFields, seen: Watched, stretch: float = 1.0) -> Judged:
    """`stretch` times its time-outs are what the boot had, more than 1 after it was starved: then its word counts if
    it had a quarter of what its own time-outs would have let it have, or wanted none.
    """
    if seen.is_for(StopKind.INTERRUPTED):
        return Judged(verdict.Judgement(Verdict.SKIPPED, INTERRUPTED, Outcome(OutcomeKind.HUNG, INTERRUPTED)))
    if seen.is_for(StopKind.ABANDONED):
        return _abandoned(_judged(step, fields, seen, seen.stopped), seen.stopped)
    starved = starvation.of(seen, fields.cpus)
    if not starved:
        return _in_time(Judged(_judged(step, fields, seen, seen.stopped)), seen)
    if stretch > 1 and starved.free * stretch >= ENOUGH:
        return Judged(_judged(step, fields, seen, f"{seen.stopped}, {starved.briefly}"))
    what = f"starved of processor time: {seen.stopped}, {starved}"
    what = f"{what}; {starvation.REMEDY}" if stretch > 1 else what
    outcome = Outcome(OutcomeKind.BROKEN, what, starvation.EVIDENCE)
    return Judged(verdict.Judgement(Verdict.ERROR, what, outcome), starved.share)


def _abandoned(found: verdict.Judgement, why: str) -> Judged:
    """Of a guest that was ended since another had failed: nothing is held against it, but what it did before."""
    if found.outcome.kind != OutcomeKind.STOPPED:
        return Judged(found)
    outcome = Outcome(OutcomeKind.STOPPED, "", ABANDONED)
    return Judged(replace(found, verdict=Verdict.SKIPPED, reason=f"it was ended: {why}", outcome=outcome))


def is_abandoned(attempt: Attempt) -> bool:
    """Whether it says nothing of its guest, which was ended, or not even started, since another had failed."""
    return attempt.outcome.evidence == ABANDONED


def unstarted(failed: str) -> verdict.Judgement:
    """Of a guest whose turn did not come: another one had `failed`, or if none had, the run was interrupted."""
    if not failed:
        return verdict.Judgement(Verdict.SKIPPED, INTERRUPTED, Outcome(OutcomeKind.HUNG, INTERRUPTED))
    reason = f"it was not started: the guest '{failed}' failed"
    return verdict.Judgement(Verdict.SKIPPED, reason, Outcome(OutcomeKind.STOPPED, "", ABANDONED))


def _in_time(judged: Judged, seen: Watched) -> Judged:
    """A pass that only came because the boot had more than its own time is none: was it the guest, or this host?"""
    if judged.judgement.verdict != Verdict.PASSED or not seen.findings.overtime:
        return judged
    what = f"starved of processor time before; now {'; '.join(seen.findings.overtime)}; {starvation.REMEDY}"
    outcome = Outcome(OutcomeKind.BROKEN, what, "its checks' own times")
    return Judged(verdict.Judgement(Verdict.ERROR, what, outcome), starvation.UNKNOWN)


def failed(error: BootmatrixError | Rejected) -> Judged:
    """Of a boot that could not even be watched to its end."""
    if isinstance(error, InfrastructureError):
        return Judged(
            verdict.Judgement(
                Verdict.ERROR,
                str(error),
                Outcome(OutcomeKind.BROKEN, str(error), "the container or host failed during the boot"),
            )
        )
    remedy = f"\n    {error.remedy}" if isinstance(error, Rejected) and error.remedy else ""
    return Judged(verdict.Judgement(Verdict.ERROR, f"{error}{remedy}", Outcome(OutcomeKind.REJECTED, str(error))))


def _judged(step: BootStep, fields: TestFields, seen: Watched, stopped: str) -> verdict.Judgement:
    ending = Ending(
        status=seen.exit.status if seen.exit else None,
        signal=seen.exit.signal if seen.exit else "",
        stopped=stopped,
        console=texts.clean(seen.console.raw()),
        tender=texts.clean(seen.tender.raw()),
        out_of_memory=bool(seen.exit and seen.exit.out_of_memory),
        arch=step.arch,
    )
    found = seen.findings
    grown = growth.of(fields, found)
    judged = verdict.judge(
        fields,
        step.runner,
        ending,
        seen.stop,
        root=step.root,
        complaints=(*found.complaints, *growth.complaints(grown)),
        undone=found.undone,
    )
    if measured := (*metrics.found(fields.metrics, ending.console), *found.metrics):
        judged = replace(judged, metrics=measured)
    return growth.disturbed(growth.weighed(judged, grown), fields, found, seen.seconds - seen.stood)
