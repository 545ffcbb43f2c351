"""What tests say of each other that booted in turn, as often as it took: more than their last boots could. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.compare.shift import Shift
from bootmatrix.model import PairVerdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.compare.pairs import Pair
    from bootmatrix.model import PairFinding


def shifts(pair: Pair, axis: str) -> Mapping[str, Shift]:
    """By the measures' names; whichever of both was the one that the other was held against."""
    before, after = (seen.values.get(axis, "") for seen in (pair.before, pair.after))
    onward = (each for each in pair.after.paired if (each.axis, each.base, each.value) == (axis, before, after))
    back = (each for each in pair.before.paired if (each.axis, each.base, each.value) == (axis, after, before))
    found = {each.name: _shift(each) for each in onward}
    return {**found, **{each.name: _turned(_shift(each)) for each in back}}


def _shift(found: PairFinding) -> Shift:
    known = found.verdict != PairVerdict.UNKNOWN
    return Shift(
        before=found.before,
        after=found.after,
        change=found.change,
        low=found.low if known else None,
        high=found.high if known else None,
        p=None,
        real=found.real,
        beside=found.boots,
        why="" if found.real else found.why or f"as much, to ±{100 * found.until:.4g}%",
    )


def _turned(found: Shift) -> Shift:
    """The other way round."""
    low, high = (None if each is None else _inverse(each) for each in (found.high, found.low))
    return Shift(
        found.after, found.before, _inverse(found.change), low, high, found.p, found.real, found.beside, found.why
    )


def _inverse(change: float) -> float:
    return 1 / (1 + change) - 1 if change > -1 else 0.0
