"""Whether numbers differ for good: medians, Mann and Whitney's test, and a smallest difference that matters.

A test boots once a night, so the numbers of the last nights are held against those of the nights before. Three things
must agree. The medians must differ by what matters. Mann and Whitney's test must find the order of the numbers unlikely:
it knows nothing of how they are spread, so that two slow nights of five, however slow, are no alarm. And the difference
must be large against the noise, outliers cut off, and the more so the more one night is like the next: this finds what
an order of so few nights is too coarse for. tests/history/test_simulation.py shows how often that is wrong.
"""

from __future__ import annotations

import functools
import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALLEST = 0.05  # a difference below this matters to nobody
BEFORE, FEWEST = 90, 8  # nights that are held against the last ones: at most, at least
WINDOWS = {5: 1e-4, 10: 3e-5, 20: 1e-5, 40: 1e-5}  # the last nights, and how often noise may differ so much
ORDER = 3  # times as often may their order be by chance: it is coarse
FAR = 3.0  # standard deviations from the median at which an outlier is cut off
TENTHS = 2.563  # standard deviations between the first and the last tenth of a normal distribution
REAL = 0.01  # how often chance may make two samples differ that do not
SURE = 1.96  # standard deviations of the 95% interval


@dataclass(frozen=True)
class Alarm:
    """Medians before and since the night with this index; `change` is after / before - 1."""

    before: float
    after: float
    change: float
    since: int


@dataclass(frozen=True)
class Shift:
    """Medians of two samples; `low` to `high` is the 95% interval of `change`, None where it would have no bounds.

    `change` is after / before - 1, `why` says what keeps it from being real.
    """

    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    p: float
    real: bool
    why: str = ""


def interval(hits: int, of: int) -> tuple[float, float, float]:
    """A rate and the bounds of its 95% interval (Wilson's)."""
    from scipy.stats import binomtest  # noqa: PLC0415

    if not of:
        return 0.0, 0.0, 1.0
    found = binomtest(hits, of).proportion_ci(method="wilson")
    return hits / of, float(found.low), float(found.high)


def alarm(series: Sequence[float | None], smallest: float = SMALLEST, *, exact: bool = False) -> Alarm | None:
    """Whether the last of these nights, the oldest first, are unlike those before; None too where tonight has no value.

    `exact` values have no noise, as a file's size: each change is one at once.
    """
    if not series or series[-1] is None:
        return None
    at = [index for index, value in enumerate(series) if value is not None]
    values = [value for value in series if value is not None]
    first = len(values) - 1 if exact else _changed(values, smallest)
    if first is None or not first:
        return None
    old, new = (values[-2], values[-1]) if exact else _medians(values[max(0, first - BEFORE) :], min(first, BEFORE))
    change = relative(old, new)
    return Alarm(old, new, change, at[first]) if abs(change) >= smallest else None


def relative(old: float, new: float) -> float:
    """The change as a share of what was; 0 where that was nothing, and no share says it."""
    return (new - old) / abs(old) if old else 0.0


def _medians(values: Sequence[float], first: int) -> tuple[float, float]:
    return statistics.median(values[:first]), statistics.median(values[first:])


def _changed(values: list[float], smallest: float) -> int | None:
    """Where the numbers have changed for good, up to the last; what is cheap is asked first, as there are many tests."""
    for window, chance in WINDOWS.items():
        first = len(values) - window
        if first < FEWEST:
            return None
        part = values[max(0, first - BEFORE) :]
        at = len(part) - window
        if abs(relative(*_medians(part, at))) < smallest:
            if window == min(WINDOWS):
                return None  # the last nights are as all were
            continue
        if _noise(part, at) * _threshold(chance, at - 1) <= abs(_difference(part, at)) and _order(part, at) <= (
            chance * ORDER
        ):
            return len(values) - len(part) + _split(part, at)
    return None
