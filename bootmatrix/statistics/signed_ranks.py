"""What a sample of differences comes to, of which each is as likely up as down if there is none: Wilcoxon's signed
ranks, and the interval that belongs to them. Pure.
"""

from __future__ import annotations

import functools
import itertools
import math
import statistics
from typing import TYPE_CHECKING, NamedTuple

from bootmatrix.statistics.chance import REAL

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 8  # differences: of fewer these ranks never say that chance makes them less often than REAL
SURE = 1.96  # standard deviations of the 95% interval
EXACT = 50  # differences of which every way of sharing them out is counted, as SciPy does
MOST = 1000  # differences of which all means of two are looked at; of more, so many that lie evenly among them


class Ranked(NamedTuple):
    """The middle of the differences (Hodges and Lehmann's: the median of the means of any two), and its 95% interval,
    None of fewer than FEWEST.
    """

    middle: float
    low: float | None = None
    high: float | None = None


def ranked(differences: Sequence[float]) -> Ranked:
    """Of one difference at least."""
    count = len(differences)
    if count < FEWEST:
        both = itertools.combinations_with_replacement(differences, 2)
        return Ranked(statistics.median((one + other) / 2 for one, other in both))
    import numpy as np  # noqa: PLC0415

    some = np.sort(np.asarray(differences, dtype=float))
    if count > MOST:
        some = some[np.linspace(0, count - 1, MOST).round().astype(int)]
    means = np.sort(((some[:, None] + some[None, :]) / 2)[np.triu_indices(len(some))])
    outside = int(_outside(count) * len(means))
    return Ranked(float(np.median(means)), float(means[outside]), float(means[-1 - outside]))


def _outside(count: int) -> float:
    """The share of the means that lies below the interval, and above it."""
    every = count * (count + 1) / 2
    spread = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
    return max(0.0, math.floor(every / 2 - SURE * spread) - 1) / every


def between(differences: Sequence[float], missed: float) -> tuple[float, float] | None:
    """The interval that misses the middle with the chance `missed` at the most, None of fewer than `fewest(missed)`."""
    count = len(differences)
    below = _rank(count, missed)
    if below < 0:
        return None
    if count <= EXACT:
        both = itertools.combinations_with_replacement(differences, 2)
        means = sorted((one + other) / 2 for one, other in both)
        return means[below], means[-1 - below]
    import numpy as np  # noqa: PLC0415

    some = np.asarray(differences, dtype=float)
    every = np.sort(((some[:, None] + some[None, :]) / 2)[np.triu_indices(count)])
    return float(every[below]), float(every[-1 - below])


@functools.cache
def fewest(missed: float) -> int:
    """Of how many differences there is an interval that misses the middle so seldom."""
    return math.ceil(1 - math.log2(missed))


@functools.cache
def _rank(count: int, missed: float) -> int:
    """The largest sum of positive ranks that is so seldom come to, negative if there is none."""
    if count > EXACT:
        spread = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
        return math.floor(count * (count + 1) / 4 - statistics.NormalDist().inv_cdf(1 - missed / 2) * spread) - 1
    ways = [1] + [0] * (count * (count + 1) // 2)
    for rank in range(1, count + 1):
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    shares = itertools.accumulate(ways)
    return sum(1 for _ in itertools.takewhile(lambda hits: hits / 2**count <= missed / 2, shares)) - 1


def chance(differences: Sequence[float]) -> float:
    """How often chance alone would make them; those that are 0 say for neither side."""
    some = [each for each in differences if each]
    if not some:
        return 1.0
    from scipy.stats import rankdata, wilcoxon  # noqa: PLC0415

    if len(some) > EXACT:
        return float(wilcoxon(some).pvalue)
    return _exactly(some, [round(2 * rank) for rank in rankdata([abs(each) for each in some])])


def _exactly(some: Sequence[float], ranks: Sequence[int]) -> float:
    """From all ways to share the ranks out to two sides; they are taken twice, so that tied ones are whole numbers.

    SciPy counts them only without ties; with ties, as of memory that comes in pages, it shuffles for seconds.
    """
    import numpy as np  # noqa: PLC0415

    ways = np.zeros(sum(ranks) + 1)
    ways[0] = 1.0
    for rank in ranks:
        ways[rank:] += ways[:-rank].copy()
    up = sum(rank for rank, each in zip(ranks, some, strict=True) if each > 0)
    return min(1.0, float(2 * ways[: min(up, sum(ranks) - up) + 1].sum() / 2.0 ** len(some)))


def is_real(found: Ranked, p: float) -> bool:
    """Whether chance hardly makes it, and nothing is no part of the interval."""
    return p <= REAL and found.low is not None and found.high is not None and not found.low <= 0 <= found.high
