"""Pairs: the axis that they differ in, its value, and the measures must exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix.errors import suggest
from bootmatrix.matrix.keys.guests import SEPARATOR
from bootmatrix.matrix.rules.guests import DEFAULTS, layers
from bootmatrix.model.pair import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.keys.pair import Pair
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.problems import Problems


def check(sections: Mapping[str, Any], problems: Problems) -> None:
    axes, tests = _axes(sections), sections["tests"]
    anywhere = {name: list(choices) for name, choices in axes.items()}
    for test in tests.values():
        for name, choices in test.params.items():
            anywhere.setdefault(name, []).extend(choices)
    every = list(layers(sections))
    for path, fields in every:
        if fields.pair:
            own = path[0] == "tests"
            heirs = (path[:2], DEFAULTS) if own else tuple({each[:2] for each, _ in every})
            measures = _measures([each for where, each in every if where[:2] in heirs or where[:1] in heirs])
            values = {**axes, **tests[path[1]].params} if own else anywhere
            _pair(fields.pair, (*path, "pair"), values, measures, problems)


def _axes(sections: Mapping[str, Any]) -> dict[str, list[str]]:
    """What cells may have on each axis, those that `include` adds among them."""
    found = {axis: list(choices) for axis, choices in sections["axes"].items()}
    for entry in sections["include"]:
        for axis, choices in entry.items():
            found.setdefault(axis, []).extend(choices)
    return found


def _measures(fields: Iterable[TestFields]) -> set[str]:
    """What may be measured of a test whose keys these are, and of each of its guests."""
    guests: set[str] = set()
    found = set(MEASURED)
    for layer in fields:
        guests.update(layer.guests)
        for each in (layer, *layer.guests.values()):
            found.update(each.metrics, *(one.metrics for asked in each.checks for one in asked.each))
    return {*found, *(SEPARATOR.join((guest, name)) for guest in guests for name in found)}


def _pair(pair: Pair, path: Path_, axes: Mapping[str, list[str]], measures: set[str], problems: Problems) -> None:
    if pair.axis not in axes:
        problems.say(f"pair: there is no axis or parameter '{pair.axis}'", (*path, "axis"), suggest(pair.axis, axes))
        return
    choices = list(dict.fromkeys(axes[pair.axis]))
    if pair.base and pair.base not in choices:
        problems.say(f"pair: {pair.axis} is never '{pair.base}'", (*path, "base"), suggest(pair.base, choices))
    if len(choices) == 1:
        what = f"pair: {pair.axis} has only one value, {choices[0]}"
        problems.say(what, (*path, "axis"), "give it another one to compare with")
    for at, name in enumerate(pair.of):
        if name not in measures:
            problems.say(f"pair: no test measures '{name}'", (*path, "of", at), suggest(name, measures))
