"""The results of the tests of a plan, each made once: booted, reused, or never tried."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from bootmatrix.judging import concluding, quarantine
from bootmatrix.judging.concluding import About
from bootmatrix.matrix.keys import meaning
from bootmatrix.places.hosts import HERE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Attempt, Result, Verdict
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep


@dataclass(frozen=True)
class Results:
    """`today`, in UTC, says which quarantines are over."""

    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    def tried(
        self,
        step: BootStep,
        fields: TestFields,
        verdict: Verdict,
        reason: str,
        *,
        started: str = "",
        attempts: Sequence[Attempt] = (),
        infrastructure: bool = False,
        place: Place | None = None,
        size: int = 0,
        key: str = "",
    ) -> Result:
        """Of a test that was to be booted, and was, in `place`, or why not."""
        return concluding.result(
            _about(step, fields, place),
            verdict,
            reason,
            started=started or now(),
            today=self.today,
            attempts=attempts,
            infrastructure=infrastructure,
            image=place.name if place else "",
            digest=place.digest if place else "",
            size=size,
            key=key,
        )

    def again(self, step: BootStep, found: Result) -> Result:
        """A pass of an earlier run, under the quarantine of today."""
        entry = step.quarantine
        verdict, reason = quarantine.judged(
            entry, self.today, found.verdict, found.reason, infrastructure=found.infrastructure
        )
        labels = meaning.labels(step.fields)
        return replace(
            found,
            verdict=verdict,
            reason=reason,
            quarantine=entry,
            repro=step.repro,
            where=step.where,
            labels=labels,
        )


def untried(step: BootStep, verdict: Verdict, reason: str, *, infrastructure: bool = False) -> Result:
    """Of a test of which nothing is known, so that its quarantine has no word in it."""
    about = _about(step, step.fields, None)
    return concluding.result(about, verdict, reason, started=now(), infrastructure=infrastructure)


def _about(step: BootStep, fields: TestFields, place: Place | None) -> About:
    return About(
        cell=step.cell.id,
        test=step.test,
        axes=step.values,
        repro=step.repro,
        where=step.where,
        unikernel=fields.unikernel,
        host=(place.host if place else HERE).kind,
        quarantine=step.quarantine,
        labels=meaning.labels(fields),
    )


def now() -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
