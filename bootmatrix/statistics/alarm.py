"""Whether numbers differ for good: medians, Mann and Whitney's test, and a smallest difference that matters.

A test boots once a night, so the numbers of the last nights are held against those of the nights before. Three things
must agree. The medians must differ by what matters. The order of the numbers must be unlikely (Mann and Whitney): how
far off they are does not count there, so that two slow nights of five, however slow, are no alarm. And the difference
must be large against the noise, the more so the more one night is like the next (Student, outliers cut off): the order
of so few numbers alone is too coarse. tests/statistics/test_simulation.py shows how often that is wrong.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.statistics import chance, noise
from bootmatrix.statistics.rates import relative

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALLEST = 0.05  # a difference below this matters to nobody
BEFORE, FEWEST = 90, 8  # nights that are held against the last ones: at most, at least
LAST = 5  # nights in which a change is to be found
NEW, OLD = 1e-4, 1e-5  # how often noise may look like a change of the last nights, and like an older one
REACHES = {30: 0.1, BEFORE: 1.0}  # of the nights before, and how much of that chance may be theirs
ORDER = 5  # times as often may their order be by chance: it is coarse


@dataclass(frozen=True)
class Alarm:
    """Medians before and since the night with this index; `change` is after / before - 1."""

    before: float
    after: float
    change: float
    since: int


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
    for allowed in (NEW * share, OLD * share):
        if first < FEWEST:
            return None
        begin = max(0, first - reach)
        part, at = values[begin:], first - begin
        change = abs(relative(*_medians(part, at)))
        if change < smallest / 2:
            return None  # the last nights are as all were
        since = begin + _split(part, at)
        if change >= smallest and _is_real(part, at, allowed):
            return max(0, since - reach), since
        if since >= first:
            return None
        first = since
    return None


def _is_real(part: list[float], at: int, allowed: float) -> bool:
    """Whether chance makes so loud a difference, or such an order, too seldom for what is allowed."""
    return noise.is_loud(part, at, allowed) and chance.of_order(part[:at], part[at:]) <= allowed * ORDER


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
