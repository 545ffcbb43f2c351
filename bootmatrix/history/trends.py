"""The last nights of a branch, test by test, for a page to draw: bounded, however many tests there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.history import measuring, nights
from bootmatrix.history.findings import Night, Trend, Trends
from bootmatrix.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.history.database import History
    from bootmatrix.history.point import Point
    from bootmatrix.model import Run

BUDGET = 4 << 20  # bytes of trends.json, about
VERDICT, VALUE = 10, 12  # bytes of one, about
SERIES = 4  # of a test, about
NAMES = 40  # bytes of the keys of a test, about; its id has as many
FEWEST = 2  # nights: one is no trend


def trends_of(past: History, run: Run, branch: str | None = None, limit: int = nights.LAST) -> Trends:
    """The last runs of a branch, the run's own if none is given, and this one. Empty if the run was not recorded.

    The more tests, the fewer nights; where there are too many tests even so, those that always passed are left out.
    """
    tonight = past.night(run.id)
    if tonight is None:
        return Trends((), {})
    fitting = (BUDGET // max(1, len(run.results)) - 2 * NAMES) // (VERDICT + SERIES * VALUE)
    earlier = past.nights(run.branch if branch is None else branch, min(limit, max(FEWEST, fitting) - 1), run.id)
    window = (*earlier, tonight)
    return Trends(window, dict(_bounded(window, past)))


def _bounded(window: Sequence[Night], past: History) -> Iterator[tuple[str, Trend]]:
    left = BUDGET
    for row in nights.rows(window, past.points(window)):
        last = row[-1]
        if last is None or left < -BUDGET:
            continue
        trend = _trend(row, last)
        if left > 0 or set(trend.verdicts) - {Verdict.PASSED, ""}:
            left -= NAMES + len(last.id) + len(row) * (VERDICT + len(trend.series) * VALUE)
            yield last.id, trend


def _trend(row: list[Point | None], last: Point) -> Trend:
    verdicts = tuple(point.verdict if point else "" for point in row)
    series = {measure.name: tuple(measuring.series(row, measure)) for measure in last.measures}
    return Trend(verdicts, series)
