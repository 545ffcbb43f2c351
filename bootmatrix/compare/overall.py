"""Whether one side is larger over all pairs, however different the tests are. Pure."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.compare.beside import one_sided
from bootmatrix.compare.shift import APART, BY_CHANCE, ONE_SIDED, SMALL, SMALLEST
from bootmatrix.quantities import how_many
from bootmatrix.statistics.signed_ranks import FEWEST, Ranked, chance, is_real, ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.compare.shift import Shift


@dataclass(frozen=True)
class Overall:
    """`before` and `after` are the geometric means of the pairs, so that a slow test counts as much as a quick one.

    `change` is the middle of the pairs' ratios less 1, `low` to `high` its 95% interval, None where there is none. `p`
    is None where nothing was asked, `why` says what keeps the change from being real. `up` and `down` count the pairs
    that really changed. If any pairs were side by side, only those count.
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


def of(shifts: Sequence[tuple[Shift, int]]) -> Overall:
    """Of pairs, with which side of each came first; only what is more than 0 on both sides has a ratio."""
    known = [(shift, order) for shift, order in shifts if shift.before > 0 and shift.after > 0 and shift.change > -1]
    some = [each for each in known if each[0].beside] or known
    ratios = [math.log1p(shift.change) for shift, _ in some]
    found = ranked(ratios) if some else Ranked(0.0)
    change, low, high = (None if each is None else math.expm1(each) for each in found)
    apart = not any(shift.beside for shift, _ in some)
    p, why = _tested(ratios, found, _asked(found, some))
    return Overall(
        pairs=len(some),
        before=statistics.geometric_mean([shift.before for shift, _ in some]) if some else 0.0,
        after=statistics.geometric_mean([shift.after for shift, _ in some]) if some else 0.0,
        change=change or 0.0,
        low=None if apart else low,
        high=None if apart else high,
        p=p,
        real=not why,
        why=why,
        up=sum(shift.real and shift.change > 0 for shift, _ in shifts),
        down=sum(shift.real and shift.change < 0 for shift, _ in shifts),
    )


def _asked(found: Ranked, some: Sequence[tuple[Shift, int]]) -> str:
    """Why chance is not asked; empty if it is."""
    if not some:
        return "no two tests can be compared (see docs/compare.md)"
    if abs(math.expm1(found.middle)) < SMALLEST:
        return SMALL
    if not any(shift.beside for shift, _ in some):
        return APART
    if len(some) < FEWEST:
        return f"only {how_many(len(some), 'pair')}, at least {FEWEST} are needed"
    return ONE_SIDED if one_sided([order for _, order in some]) else ""


def _tested(ratios: Sequence[float], found: Ranked, why: str) -> tuple[float | None, str]:
    if why:
        return None, why
    p = chance(ratios)
    return p, "" if is_real(found, p) else BY_CHANCE
