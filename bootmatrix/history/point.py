"""The record of one test in one run: enough to say what changed, and to compare like with like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bootmatrix.model import TOO_SLOW, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bootmatrix.model import Attempt, Measure, PairFinding, Result, Run

Span = tuple[float, float]
LONGEST = 500  # characters of a reason that are kept


@dataclass(frozen=True)
class Point:
    """A test's result in one run. `values` are the cell's axes and the test's parameters; `attempts` are those that the
    infrastructure did not end, `failed` is how many of them did not pass. `infrastructure` says that its error tells
    nothing of the guest. `span` is when what was measured was booted, in seconds since 1970; None where that is not
    known, or was not on the host of the run's other boots.
    `pairs` are what came of its boots in turn; a history keeps those that have a measure.
    """

    run: str
    cell: str
    test: str
    verdict: Verdict
    reason: str
    values: Mapping[str, str]
    attempts: int
    failed: int
    host: str
    accelerator: str
    digest: str
    measures: tuple[Measure, ...]
    infrastructure: bool = False
    span: Span | None = None
    pairs: tuple[PairFinding, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.cell}/{self.test}"

    @property
    def kind(self) -> tuple[str, str, str]:
        """Measures are compared only where all of this is equal: host class, accelerator and image."""
        return self.host, self.accelerator, self.digest

    def measured(self, name: str) -> float | None:
        """The value of a measure of a boot that passed at once, else None: what went wrong takes another time."""
        if self.verdict != Verdict.PASSED:
            return None
        return next((measure.value for measure in self.measures if measure.name == name), None)


def of_run(run: Run) -> Iterator[Point]:
    """Of each test; what was merged ran on several hosts."""
    points = (of(run.id, result) for result in run.results)
    return (replace(point, span=None) for point in points) if run.merged else points


def _was_starved(attempt: Attempt) -> bool:
    """But not if it only was too slow for its limits: what was measured then, and at its second boot, is what it is."""
    return attempt.starved and attempt.outcome.evidence != TOO_SLOW


def of(run: str, result: Result) -> Point:
    tried = [attempt for attempt in result.attempts if attempt.verdict != Verdict.SKIPPED and not attempt.broken]
    busy = any(map(_was_starved, result.attempts))  # the host was, and so it took longer than it does
    measures = () if result.reused or busy else result.measures
    return Point(
        run=run,
        cell=result.cell,
        test=result.test,
        verdict=result.verdict,
        reason=result.reason[:LONGEST],
        values=result.values,
        attempts=len(tried),
        failed=sum(attempt.verdict != Verdict.PASSED for attempt in tried),
        host=result.host,
        accelerator=result.accelerator,
        digest=result.digest,
        measures=measures,
        infrastructure=result.infrastructure,
        span=_span(result) if measures and result.verdict == Verdict.PASSED else None,
        pairs=result.pairs if measures else (),
    )


def _span(result: Result) -> Span | None:
    last = result.attempts[-1]
    try:
        begun = datetime.fromisoformat(last.started).timestamp()
    except (ValueError, OverflowError):
        return None
    return begun, begun + last.seconds
