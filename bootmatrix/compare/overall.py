"""A measure over all pairs: whether one side is larger in general, however different the tests are. Pure."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.history.shift import BY_CHANCE, REAL, SMALLEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.history.shift import Shift

FEWEST = 8  # pairs: of fewer Wilcoxon's test never says that it is less likely than REAL


@dataclass(frozen=True)
class Overall:
    """`before` and `after` are the geometric means of the pairs, so that a slow test counts as much as a quick one.

    `change` is the median ratio of the pairs less 1, `low` to `high` its 95% interval, None where there is none. `p` is
    None where nothing was asked, `why` says what keeps the change from being real. `up` and `down` count the pairs that
    really changed.
    """

    pairs: int
    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    p: float | None
    real: bool
    why: str
    up: int
    down: int


def of(shifts: Sequence[Shift]) -> Overall:
    """Only what is more than 0 on both sides has a ratio."""
    known = [shift for shift in shifts if shift.before > 0 and shift.after > 0]
    ratios = sorted(shift.after / shift.before for shift in known)
    change = statistics.median(ratios) - 1 if ratios else 0.0
    p, why = _tested(ratios, change)
    low, high = _bounds(ratios)
    return Overall(
        pairs=len(ratios),
        before=statistics.geometric_mean([shift.before for shift in known]) if known else 0.0,
        after=statistics.geometric_mean([shift.after for shift in known]) if known else 0.0,
        change=change,
        low=low,
        high=high,
        p=p,
        real=not why,
        why=why,
        up=sum(shift.real and shift.change > 0 for shift in shifts),
        down=sum(shift.real and shift.change < 0 for shift in shifts),
    )


def _tested(ratios: Sequence[float], change: float) -> tuple[float | None, str]:
    """By Wilcoxon's signed ranks of the logarithms."""
    if not ratios:
        return None, "no pair can be compared"
    if abs(change) < SMALLEST:
        return None, f"less than {SMALLEST:.0%}"
    if len(ratios) < FEWEST:
        return None, f"{len(ratios)} of at least {FEWEST} pairs"
    from scipy.stats import wilcoxon  # noqa: PLC0415

    p = float(wilcoxon([math.log(ratio) for ratio in ratios if ratio != 1]).pvalue)  # the median is none of them
    return p, "" if p <= REAL else BY_CHANCE


def _bounds(ratios: Sequence[float]) -> tuple[float | None, float | None]:
    """Of the median: as many ratios lie outside as a coin that is thrown for each would leave."""
    if len(ratios) < FEWEST:
        return None, None
    from scipy.stats import binom  # noqa: PLC0415

    outside = int(binom.ppf(0.025, len(ratios), 0.5))
    return ratios[outside - 1] - 1, ratios[-outside] - 1
