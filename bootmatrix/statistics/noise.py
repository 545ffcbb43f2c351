"""Whether the noise of a series would hardly make such a difference (Student, outliers cut off).

The more one night is like the next, the less is known of them all, and the larger a difference must be.
"""

from __future__ import annotations

import functools
import math
import operator
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FAR = 3.0  # standard deviations from the median at which an outlier is cut off
PRUDENT = 10  # 1 would do on average (Kendall); this much, and such noise raises no more false alarms than any
MOST_LIKE = 0.8  # correlation of a night with the next that is reckoned with
TENTHS = 2.563  # standard deviations between the first and the last tenth of a normal distribution


def is_loud(part: Sequence[float], at: int, chance: float) -> bool:
    """Of the numbers before `at`, against those from there on: such a difference comes less often than `chance`."""
    middle, wide = spread(part[:at])
    centre = statistics.median(part[at:])
    before = _cut(part[:at], middle - FAR * wide, middle + FAR * wide)
    after = _cut(part[at:], centre - FAR * wide, centre + FAR * wide)
    mean = statistics.fmean(before)
    off = [value - mean for value in before]
    squares = _product(off, off)
    if not squares:
        return True
    like = _product(off[1:], off[:-1]) / squares  # one night and the next: less is known then
    like = min(MOST_LIKE, max(0.0, like + (PRUDENT + 3 * like) / at))  # of few nights it comes out too low
    error = math.sqrt(squares / (at - 1) * (1 / at + 1 / len(after)) * (1 + like) / (1 - like))
    return abs(statistics.fmean(after) - mean) >= error * _student(chance, at - 1)


def spread(values: Sequence[float]) -> tuple[float, float]:
    """The median, and the standard deviation of all but the outer tenths, as of a normal distribution."""
    ordered, tenth = sorted(values), len(values) // 10
    return statistics.median(ordered), (ordered[-1 - tenth] - ordered[tenth]) / TENTHS


def _cut(values: Sequence[float], low: float, high: float) -> list[float]:
    return [low if value < low else high if value > high else value for value in values]  # noqa: FURB136  # a call is slow


def _product(first: Sequence[float], second: Sequence[float]) -> float:
    return math.fsum(map(operator.mul, first, second))


@functools.cache
def _student(chance: float, freedom: int) -> float:
    from scipy.stats import t  # noqa: PLC0415

    return float(t.isf(chance / 2, freedom))
