"""Whether a measure differs between the two tests of a pair. Pure.

Only boots that ran side by side tell whether it differs for good: a host's speed changes while nobody looks, and what
was booted at another time may differ by that alone.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.compare.beside import one_sided
from bootmatrix.statistics.rates import relative
from bootmatrix.statistics.signed_ranks import FEWEST, chance, is_real, ranked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SMALLEST = 0.02  # a difference below this is called none: where code lies in memory makes as much
APART = "not booted side by side"
LONE = "no run has it on both sides"
ONE_SIDED = "one side always ran first"
BY_CHANCE = "not significant (may be chance)"
SMALL = f"less than {100 * SMALLEST:g}%"

Couple = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shift:
    """Medians of two sides, and the change between them: the middle of what boots that ran side by side say; where
    there are none, that of the medians.

    `low` to `high` is the change's 95% interval, None where too little is known; `p` is how often chance alone would
    make it, None where that was not asked. `beside` counts the boots that ran side by side, or need not. `why` says
    what keeps the change from being real.
    """

    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    p: float | None
    real: bool
    beside: int
    why: str = ""


def exact(before: Sequence[float], after: Sequence[float], smallest: float = SMALLEST) -> Shift:
    """Of numbers that have no noise, such as sizes: whenever they were taken."""
    old, new = statistics.median(before), statistics.median(after)
    change = relative(old, new)
    why = f"less than {100 * smallest:g}%" if abs(change) < smallest else ""
    return Shift(old, new, change, change, change, None, real=not why, beside=1, why=why)


def shift(
    before: Sequence[float], after: Sequence[float], couples: Sequence[Couple], orders: Sequence[int] = ()
) -> Shift:
    """Two samples, none of them empty, and those of their numbers that were measured side by side, with which of them
    came first: 1 the one of before, -1 the one of after, 0 none.
    """
    if not couples:
        old, new = statistics.median(before), statistics.median(after)
        change = relative(old, new)
        why = SMALL if abs(change) < SMALLEST else APART
        return Shift(old, new, change, None, None, None, real=False, beside=0, why=why)
    old, new = (statistics.median(side) for side in zip(*couples, strict=True))
    differences, change_of = _differences(couples, old)
    found = ranked(differences)
    change = change_of(found.middle)
    low, high = (None if bound is None else change_of(bound) for bound in (found.low, found.high))
    p, why = None, _asked(change, len(couples)) or (ONE_SIDED if one_sided(orders) else "")
    if not why:
        p = chance(differences)
        why = "" if is_real(found, p) else BY_CHANCE
    return Shift(old, new, change, low, high, p, real=not why, beside=len(couples), why=why)


def _differences(couples: Sequence[Couple], old: float) -> tuple[list[float], Callable[[float], float]]:
    """Of their logarithms, as a host that is slow makes both sides so many times slower; and the change that a
    difference stands for.
    """
    if all(min(couple) > 0 for couple in couples):
        return [math.log(after / before) for before, after in couples], math.expm1
    return [after - before for before, after in couples], lambda step: step / abs(old) if old else 0.0


def _asked(change: float, count: int) -> str:
    """Why chance is not asked."""
    if abs(change) < SMALLEST:
        return SMALL
    if count < FEWEST:
        return (
            "only one boot on each side: run it again for more"
            if count == 1
            else f"only {count} boots, at least {FEWEST} are needed"
        )
    return ""
