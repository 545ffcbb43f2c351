"""How fast something grows: an interval that a collector's saw-tooth, one step, or a cache that fills do not move.

The time is cut into equal parts, and of each only the least value counts: what is in use after a collection. A leak
raises these from part to part; something that happens once raises them once. So the growth from each part to the next
is looked at, and the interval is that of their median by the sign test, which presumes nothing of how values spread or
hang together over time. (Least values of neighbouring parts share a part, so that too high a growth is followed by one
too low: the test errs to the cautious side.) A slope through all samples, Theil and Sen's among them, takes a step in
the middle for growth, and its usual interval presumes samples that are independent; those of memory are not.

What grows ever more slowly fills something: as long as it does, it is not known to be a leak.
"""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.model import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

PARTS = 13
ONCE = 2  # growths side by side that one thing makes, which happens in or between two parts
LOW = 2  # growths that may be less than the interval's lower end: 10 of 12 exceed the median in 2% of all cases at most
SLOWING = 0.5  # times the growth of the first half in the second: a leak does not become so much slower
FEWEST = 3  # samples in a part
LONGER = 1.25  # times what was needed by reckoning is told, since that is no more than a guess
LONGEST = 30 * 24 * 3600.0  # seconds: nobody waits for that


@dataclass(frozen=True)
class Slope:
    """What grows by `middle` a second, and as far as is known by between `low` and `high`, in samples over so many
    `seconds`.
    """

    middle: float
    low: float
    high: float
    seconds: float

    def side(self, bound: float) -> Side:
        if self.low > bound:
            return Side.ABOVE
        return Side.WITHIN if self.high <= bound else Side.UNDECIDED

    def needed(self, bound: float) -> float:
        """After how many seconds it would probably be known on which side of the bound it is; 0 if that cannot be told.

        What is no leak stays as large in a longer time, and so counts for less.
        """
        if self.side(bound) != Side.UNDECIDED:
            return 0.0
        doubt = self.high - self.middle if self.middle <= bound else self.middle - self.low
        off = abs(bound - self.middle)
        found = self.seconds * max(1.0, doubt / off) * LONGER if off else math.inf
        return found if found <= LONGEST else 0.0


def slope(seconds: Sequence[float], values: Sequence[float]) -> Slope | None:
    """None of too few samples, or of some that leave a gap. `seconds` rise."""
    if len(seconds) < PARTS * FEWEST or seconds[-1] <= seconds[0]:
        return None
    whole = seconds[-1] - seconds[0]
    least = _least(seconds, values, whole)
    if least is None:
        return None
    grown = [(after - before) / (whole / PARTS) for before, after in itertools.pairwise(least)]
    low = sorted(grown)[LOW]
    return Slope(statistics.median(grown), min(low, 0.0) if _slows(grown) else low, _high(grown), whole)


def fewest(interval: float) -> float:
    """Seconds of samples that are so far apart, without which nothing is known."""
    return interval * PARTS * (FEWEST + 1)


def _least(seconds: Sequence[float], values: Sequence[float], whole: float) -> list[float] | None:
    """Of each part; None if one has fewer than FEWEST samples."""
    parts: list[list[float]] = [[] for _ in range(PARTS)]
    for at, value in zip(seconds, values, strict=True):
        parts[min(PARTS - 1, int((at - seconds[0]) / whole * PARTS))].append(value)
    return [min(part) for part in parts] if all(len(part) >= FEWEST for part in parts) else None


def _slows(grown: Sequence[float]) -> bool:
    half = len(grown) // 2
    return statistics.median(grown[half:]) < SLOWING * statistics.median(grown[:half])


def _high(grown: Sequence[float]) -> float:
    """The most that it grew from a part to the next, apart from the one time at which it grew most."""
    return min(max(*grown[:at], *grown[at + ONCE :]) for at in range(len(grown) - ONCE + 1))
