"""Whether numbers differ for good: medians, Mann and Whitney's test, and a smallest difference that matters.

A test boots once a night, so the numbers of the last nights are held against those of the nights before. Three things
must agree. The medians must differ by what matters. The order of the numbers must be unlikely (Mann and Whitney): how
far off they are does not count there, so that two slow nights of five, however slow, are no alarm. And the difference
must be large against the noise, the more so the more one night is like the next (Student, outliers cut off): the order
of so few numbers alone is too coarse. tests/statistics/test_simulation.py shows how often that is wrong.
"""

from __future__ import annotations

import functools
import math
import operator
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALLEST = 0.05  # a difference below this matters to nobody
BEFORE, FEWEST = 90, 8  # nights that are held against the last ones: at most, at least
LAST = 5  # nights in which a change is to be found
NEW, OLD = 1e-4, 1e-5  # how often noise may look like a change of the last nights, and like an older one
REACHES = {30: 0.1, BEFORE: 1.0}  # of the nights before, and how much of that chance may be theirs
ORDER = 5  # times as often may their order be by chance: it is coarse
FAR = 3.0  # standard deviations from the median at which an outlier is cut off
PRUDENT = 10  # 1 would do on average (Kendall); this much, and such noise raises no more false alarms than any
MOST_LIKE = 0.8  # correlation of a night with the next that is reckoned with
TENTHS = 2.563  # standard deviations between the first and the last tenth of a normal distribution
EXACT = 10  # numbers in the smaller sample for which chance is counted out


@dataclass(frozen=True)
class Alarm:
    """Medians before and since the night with this index; `change` is after / before - 1."""

    before: float
    after: float
    change: float
    since: int


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
    found = (len(values) - 2, len(values) - 1) if exact else _changed(values, smallest)
    if found is None or found[0] < 0:
        return None
    begin, first = found
    old, new = _medians(values[begin:], first - begin)
    change = relative(old, new)
    return Alarm(old, new, change, at[first]) if abs(change) >= smallest else None


def relative(old: float, new: float) -> float:
    """The change as a share of what was; 0 where that was nothing, and no share says it."""
    return (new - old) / abs(old) if old else 0.0


def _medians(values: Sequence[float], first: int) -> tuple[float, float]:
    return statistics.median(values[:first]), statistics.median(values[first:])


def _changed(values: list[float], smallest: float) -> tuple[int, int] | None:
    """Where the numbers have changed for good, for the last time, and where those begin that they are held against.

    The nights just before are asked first: an earlier change makes those further back unlike each other.
    """
    for reach, share in REACHES.items():
        found = _since(values, smallest, reach, share)
        if found:
            begin, first = found
            later = _changed(values[first:], smallest)
            return (first + later[0], first + later[1]) if later else (begin, first)
    return None


def _since(values: list[float], smallest: float, reach: int, share: float) -> tuple[int, int] | None:
    """As above, of one reach; what is cheap comes first, as there are many tests.

    The last nights are held against those before, and then all nights since the change seems to have come: a change
    that is some nights old is no longer clear in the last few.
    """
    first = len(values) - LAST
    for chance in (NEW * share, OLD * share):
        if first < FEWEST:
            return None
        begin = max(0, first - reach)
        part, at = values[begin:], first - begin
        change = abs(relative(*_medians(part, at)))
        if change < smallest / 2:
            return None  # the last nights are as all were
        since = begin + _split(part, at)
        if change >= smallest and _loud(part, at, chance) and _chance(part[:at], part[at:]) <= chance * ORDER:
            return max(0, since - reach), since
        if since >= first:
            return None
        first = since
    return None


def _loud(part: list[float], at: int, chance: float) -> bool:
    """Whether the noise of the nights before would hardly make such a difference."""
    middle, spread = _noise(part[:at])
    centre = statistics.median(part[at:])
    before = _cut(part[:at], middle - FAR * spread, middle + FAR * spread)
    after = _cut(part[at:], centre - FAR * spread, centre + FAR * spread)
    mean = statistics.fmean(before)
    off = [value - mean for value in before]
    squares = _product(off, off)
    if not squares:
        return True
    like = _product(off[1:], off[:-1]) / squares  # one night and the next: less is known then
    like = min(MOST_LIKE, max(0.0, like + (PRUDENT + 3 * like) / at))  # of few nights it comes out too low
    error = math.sqrt(squares / (at - 1) * (1 / at + 1 / len(after)) * (1 + like) / (1 - like))
    return abs(statistics.fmean(after) - mean) >= error * _student(chance, at - 1)


def _noise(values: Sequence[float]) -> tuple[float, float]:
    """The median, and the standard deviation of all but the outer tenths, as of a normal distribution."""
    ordered, tenth = sorted(values), len(values) // 10
    return statistics.median(ordered), (ordered[-1 - tenth] - ordered[tenth]) / TENTHS


def _cut(values: Sequence[float], low: float, high: float) -> list[float]:
    return [min(high, max(low, value)) for value in values]


def _product(first: Sequence[float], second: Sequence[float]) -> float:
    return math.fsum(map(operator.mul, first, second))


def _split(part: list[float], at: int) -> int:
    """The night since which numbers are nearer to the new median than to the old; an outlier counts as one night."""
    old, new = _medians(part, at)
    score, best, found = 0.0, 0.0, at
    for first in range(len(part) - 1, FEWEST - 1, -1):
        score += abs(part[first] - old) - abs(part[first] - new)
        if score > best:
            best, found = score, first
        elif best - score > LAST * abs(new - old):
            break  # so many nights as before: what was still earlier is another story
    return found


@functools.cache
def _student(chance: float, freedom: int) -> float:
    from scipy.stats import t  # noqa: PLC0415

    return float(t.isf(chance / 2, freedom))


def _chance(before: Sequence[float], after: Sequence[float]) -> float:
    """How often chance alone would order two samples so."""
    from scipy.stats import mannwhitneyu  # noqa: PLC0415

    few = min(len(before), len(after)) <= EXACT
    return float(mannwhitneyu(after, before, method="exact" if few else "asymptotic").pvalue)
