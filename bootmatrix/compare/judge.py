"""Compares both sides: each measure, each verdict. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping  # noqa: TC003  # pydantic writes a comparison by these types
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix.compare import beside, in_turn, overall
from bootmatrix.compare.pairs import KINDS
from bootmatrix.compare.shift import APART, BY_CHANCE, LONE, Shift, exact, shift
from bootmatrix.compare.verdicts import Differing, differing
from bootmatrix.counting.part import Part  # noqa: TC001  # pydantic writes a comparison by these types
from bootmatrix.history.measuring import COUNTED, EXACT
from bootmatrix.model import Verdict
from bootmatrix.statistics import chance, counts

if TYPE_CHECKING:
    from collections.abc import Sequence, Sized

    from bootmatrix.compare.pairs import Pair, Pairs
    from bootmatrix.compare.side import Kind, Metric, Side

FIRST = ("boot_time", "memory_peak", "unikernel_size")  # before the tests' own metrics


@dataclass(frozen=True, slots=True)
class Row:
    """A measure of one pair; `name` is the pair's, `order` which side came first more often: 1 before, -1 after.
    `functions` are those in which counts differ, as far as that is known.
    """

    name: str
    shift: Shift
    order: int
    functions: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Measured:
    """A measure: over all pairs, and the rows of each, the largest change first.

    `unlike` says how many pairs are not compared, by what they are unlike in; `missing` how many have no value on one
    of the sides, by why.
    """

    name: str
    unit: str
    better: str
    all: overall.Overall
    rows: tuple[Row, ...]
    unlike: Mapping[str, int]
    missing: Mapping[str, int]


@dataclass(frozen=True)
class Comparison:
    """`title` says what is compared, `before` and `after` name the sides; `axis` is empty where they are runs.

    `results` are how many there are of a test at the most.
    """

    title: str
    axis: str
    before: str
    after: str
    pairs: int
    results: int
    verdicts: tuple[Differing, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    measures: tuple[Measured, ...]


def compare(pairs: Pairs, title: str, before: str, after: str, axis: str = "") -> Comparison:
    sides = [seen for pair in pairs.both for seen in (pair.before, pair.after)]
    orders = beside.orders_of(pairs.both)
    turns = [in_turn.shifts(pair, axis) if axis else {} for pair in pairs.both]
    return Comparison(
        title=title,
        axis=axis,
        before=before,
        after=after,
        pairs=len(pairs.both),
        results=max((seen.verdicts.total() for seen in sides), default=0),
        verdicts=differing(pairs.both),
        only_before=pairs.only_before,
        only_after=pairs.only_after,
        measures=tuple(_measured(metric, pairs.both, orders, turns) for metric in _metrics(pairs.both)),
    )


def _metrics(pairs: Sequence[Pair]) -> list[Metric]:
    found = dict.fromkeys(metric for pair in pairs for seen in (pair.before, pair.after) for metric in seen.measured)
    return sorted(found, key=lambda metric: FIRST.index(metric.name) if metric.name in FIRST else len(FIRST))


def _measured(
    metric: Metric,
    pairs: Sequence[Pair],
    orders: Sequence[Mapping[str, int]],
    turns: Sequence[Mapping[str, Shift]],
) -> Measured:
    unlike, missing = Counter[str](), Counter[str]()
    rows: list[Row] = []
    for pair, order, turned in zip(pairs, orders, turns, strict=True):
        old, new = (seen.measured.get(metric, {}) for seen in (pair.before, pair.after))
        kind = _common(old, new)
        turn = turned.get(metric.name)
        if kind is not None and turn and not _is_exact(metric.name, turn):
            rows.append(Row(pair.name, turn, 0))
        elif kind is not None:
            rows.append(_row(metric.name, pair.name, old[kind], new[kind], order))
        elif old and new:
            unlike[_difference(old, new)] += 1
        elif old or new:
            missing[_absence(pair.after if old else pair.before)] += 1
    rows = sorted(_corrected(rows), key=_size)
    found = overall.of([(row.shift, row.order) for row in rows])
    return Measured(*metric, found, tuple(rows), dict(unlike.most_common()), dict(missing.most_common()))


def _is_exact(metric: str, turn: Shift) -> bool:
    """Whether boots in turn had no noise to find out about: then their numbers are held against each other."""
    return metric in EXACT or (metric in COUNTED and turn.low == turn.high)


def _row(metric: str, name: str, old: Mapping[str, float], new: Mapping[str, float], order: Mapping[str, int]) -> Row:
    """`old` and `new` by their runs."""
    if metric in EXACT:
        return Row(name, exact([*old.values()], [*new.values()]), 0)
    if metric in COUNTED and len({*old.values()}) == len({*new.values()}) == 1:
        return Row(name, exact([*old.values()], [*new.values()], counts.SMALLEST), 0)
    both = {run: first for run, first in order.items() if run in old and run in new}
    couples = [(old[run], new[run]) for run in both]
    found = shift([*old.values()], [*new.values()], couples, [*both.values()])
    if order and found.why == APART:  # its boots were side by side, and yet no two of them have a value
        found = replace(found, why=LONE)
    total = sum(both.values())
    return Row(name, found, (total > 0) - (total < 0))


def _absence(side: Side) -> str:
    """Why a measure that the other side has is not on this one."""
    if not side.verdicts[Verdict.PASSED]:
        return "one side never passed at the first attempt"
    return "one side has no value of it" if side.measured else "one side was only reused from earlier runs"


def _common(old: Mapping[Kind, Sized], new: Mapping[Kind, Sized]) -> Kind | None:
    """The kind that both have most of."""
    both = [kind for kind in old if kind in new]
    if len(both) <= 1:
        return both[0] if both else None
    return max(both, key=lambda kind: (min(len(old[kind]), len(new[kind])), kind))


def _difference(old: Mapping[Kind, object], new: Mapping[Kind, object]) -> str:
    """What all kinds of one side differ in from all of the other; the fewest such things."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for one in old:
        for other in new:
            names = [name for name, a, b in zip(KINDS, one, other, strict=False) if a != b]
            found[len(names)].append(" and ".join(names))
    return min(found[min(found)])


def _corrected(rows: list[Row]) -> list[Row]:
    """With the chance of each as it is among so many."""
    asked = [row.shift.p for row in rows if row.shift.p is not None]
    if not asked:
        return rows
    found = iter(chance.of_many(asked, sum(_testable(row.shift) for row in rows)))
    return [row if row.shift.p is None else replace(row, shift=_again(row.shift, next(found))) for row in rows]


def _testable(found: Shift) -> bool:
    return found.p is None and not found.real


def _again(found: Shift, p: float) -> Shift:
    real = found.real and p <= chance.REAL
    return replace(found, p=p, real=real, why="" if real else found.why or BY_CHANCE)


def _size(row: Row) -> tuple[bool, float, str]:
    """Real changes first, then the larger."""
    change = row.shift.change
    return not row.shift.real, -abs(math.log1p(change)) if change > -1 else -math.inf, row.name
