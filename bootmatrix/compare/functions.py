"""In which functions a boot executes more instructions than its partner: read from the runs' own tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix.counting import part
from bootmatrix.history.measuring import COUNTED

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from bootmatrix.compare.judge import Comparison, Row
    from bootmatrix.compare.pairs import Pair, Pairs
    from bootmatrix.counting.part import Part, Tables

MOST = 20  # rows of which it is told


def added(told: Comparison, pairs: Pairs, before: Tables, after: Tables) -> Comparison:
    """The same with the functions of the counts that really changed."""
    known = {pair.name: pair for pair in pairs.both}
    wanted = [
        known[row.name]
        for one in told.measures
        if one.name in COUNTED
        for row in one.rows[:MOST]
        if row.shift.real and row.name in known
    ]
    old, new = before.of({pair.before.id for pair in wanted}), after.of({pair.after.id for pair in wanted})
    of_pairs = {pair.name: _parts(pair, old, new) for pair in wanted}
    measures = (
        replace(one, rows=tuple(_with(row, of_pairs) for row in one.rows)) if one.name in COUNTED else one
        for one in told.measures
    )
    return replace(told, measures=tuple(measures))


def _with(row: Row, of_pairs: Mapping[str, tuple[Part, ...]]) -> Row:
    return replace(row, functions=of_pairs.get(row.name, ()))


def _parts(pair: Pair, old: Mapping[str, Counter[str]], new: Mapping[str, Counter[str]]) -> tuple[Part, ...]:
    """None where a side has no table."""
    if pair.before.id not in old or pair.after.id not in new:
        return ()
    return part.parts(old[pair.before.id], new[pair.after.id])
