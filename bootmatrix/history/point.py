"""What is kept of a test in a run: enough to say what changed, and to compare like with like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.model import Measure, Result

LONGEST = 500  # characters of a reason that are kept


@dataclass(frozen=True)
class Point:
    """A test's result in one run. `values` are the cell's axes and the test's parameters; `attempts` are those that the
    infrastructure did not end, `failed` is how many of them did not pass. `infrastructure` says that its error tells
    nothing of the guest.
    """

    run: str
    cell: str
    test: str
    verdict: str
    reason: str
    values: Mapping[str, str]
    attempts: int
    failed: int
    host: str
    accelerator: str
    digest: str
    measures: tuple[Measure, ...]
    infrastructure: bool = False

    @property
    def id(self) -> str:
        return f"{self.cell}/{self.test}"

    @property
    def kind(self) -> tuple[str, str, str]:
        """Measures are compared only where all of this is equal: host class, accelerator and image."""
        return self.host, self.accelerator, self.digest

    def measured(self, name: str) -> float | None:
        """The value of a measure of a boot that passed at once, else None: what went wrong takes another time."""
        if self.verdict != "passed":
            return None
        return next((measure.value for measure in self.measures if measure.name == name), None)


def of(run: str, result: Result) -> Point:
    tried = [attempt for attempt in result.attempts if attempt.verdict != "skipped" and not attempt.broken]
    busy = any(attempt.starved for attempt in result.attempts)  # the host was, and so it took longer than it does
    return Point(
        run=run,
        cell=result.cell,
        test=result.test,
        verdict=result.verdict,
        reason=result.reason[:LONGEST],
        values=result.values,
        attempts=len(tried),
        failed=sum(attempt.verdict != "passed" for attempt in tried),
        host=result.host,
        accelerator=result.accelerator,
        digest=result.digest,
        measures=() if result.reused or busy else result.measures,
        infrastructure=result.infrastructure,
    )
