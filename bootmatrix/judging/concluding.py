"""A test's result: made in one place, and once, with what the test comes to under its quarantine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.judging import quarantine
from bootmatrix.model import Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from bootmatrix.model import Attempt, Quarantine


@dataclass(frozen=True)
class About:
    """What is known of a test before it is booted; each as a Result has it."""

    cell: str
    test: str
    axes: Mapping[str, str]
    repro: str
    where: str = ""
    unikernel: str = ""
    host: str = ""
    quarantine: Quarantine = quarantine.NONE
    labels: Mapping[str, str] = field(default_factory=dict)


def result(
    about: About,
    verdict: Verdict,
    reason: str,
    *,
    started: str,
    today: date | None = None,
    attempts: Sequence[Attempt] = (),
    infrastructure: bool = False,
    image: str = "",
    digest: str = "",
    size: int = 0,
    key: str = "",
) -> Result:
    """`today` (in UTC) is when its quarantine is asked; None: it is not, as of a test that nobody tried."""
    ours = infrastructure or (verdict == Verdict.ERROR and bool(attempts) and attempts[-1].broken)
    entry = about.quarantine if today else quarantine.NONE
    if today:
        verdict, reason = quarantine.judged(entry, today, verdict, reason, infrastructure=ours)
    return Result(
        cell=about.cell,
        test=about.test,
        verdict=verdict,
        reason=reason,
        seconds=round(sum(attempt.seconds for attempt in attempts), 4),
        started=started,
        attempts=tuple(attempts),
        axes=about.axes,
        image=image,
        unikernel=about.unikernel,
        repro=about.repro,
        infrastructure=ours,
        key=key,
        digest=digest,
        size=size,
        host=about.host,
        quarantine=entry,
        where=about.where,
        labels=about.labels,
    )
