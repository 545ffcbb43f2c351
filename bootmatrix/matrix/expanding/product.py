"""The product of the axes minus the excludes: iterated and counted without keeping it in memory."""

from __future__ import annotations

import functools
import itertools
import operator
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.matrix.expanding.cells import cell_id, fitting, slug
from bootmatrix.model import Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from bootmatrix.matrix.expanding.cells import Globs, Values

    _Partial = tuple[str, Values, int]  # the id and the values so far, and the rules that fit them

ALL = -1  # every bit


@dataclass(frozen=True)
class _Axis:
    """An axis's values, each with its part of an id and the rules that fit it."""

    name: str
    choices: Sequence[tuple[str, str, int]]

    @property
    def fits(self) -> Iterator[int]:
        """For each value, the rules that fit it."""
        return (fits for _, _, fits in self.choices)

    @functools.cached_property
    def always(self) -> int:
        """The rules that fit whatever the value is."""
        return functools.reduce(operator.and_, self.fits, ALL)

    def limited(self, match: Globs) -> _Axis:
        if self.name not in match:
            return self
        fit = frozenset(fitting(match[self.name], [text for text, _, _ in self.choices]))
        return _Axis(self.name, [choice for choice in self.choices if choice[0] in fit])


class Product:
    """Every rule of `exclude` is a bit. A value has the bits of the rules that it fits and of those that do not name
    its axis: a cell whose values have a bit in common is excluded, however many rules there are.
    """

    def __init__(self, axes: Mapping[str, Sequence[str]], exclude: Sequence[Globs] = ()) -> None:
        self._every = (1 << len(exclude)) - 1
        self._axes = [_axis(name, axes[name], exclude, first=not index) for index, name in enumerate(axes)]
        self._fits = {axis.name: {text: fits for text, _, fits in axis.choices} for axis in self._axes}
        self._rests: dict[tuple[str, ...], _Rest] = {}

    @property
    def parts(self) -> dict[str, list[str]]:
        """What ids are joined from, by axis: one of each list."""
        return {axis.name: [part for _, part, _ in axis.choices] for axis in self._axes}

    def cells(self, match: Globs) -> Iterator[Cell]:
        """Those that fit `match` on its axes, in the order of the axes, the last changing fastest."""
        axes = [axis.limited(match) for axis in self._axes]
        return (Cell(name, values) for name, values, _ in self._walk(axes, ALL))

    def count(self, wanted: Mapping[str, str]) -> int:
        """How many cells have these values on these axes."""
        if any(text not in self._fits[name] for name, text in wanted.items()):
            return 0
        rules = functools.reduce(operator.and_, (self._fits[name][text] for name, text in wanted.items()), self._every)
        names = tuple(wanted)
        if names not in self._rests:
            self._rests[names] = _Rest(axis for axis in self._axes if axis.name not in wanted)
        return self._rests[names].count(rules)

    def on(self, names: Collection[str], match: Globs) -> Iterator[Values]:
        """The combinations of values on those axes that cells have which fit `match` on its axes; each once."""
        axes = [axis.limited(match) for axis in self._axes]
        rest = _Rest(axis for axis in axes if axis.name not in names)
        partial = self._walk([axis for axis in axes if axis.name in names], rest.always)
        return (values for _, values, rules in partial if rest.count(rules))

    def _walk(self, axes: Sequence[_Axis], later: int) -> Iterator[_Partial]:
        """The combinations of some axes; not those that a rule fits whatever else a cell has, where `later` are the
        rules that fit whatever it has on the other axes.
        """
        always = _from_the_end(operator.and_, [axis.always for axis in axes], later)
        partial: Iterator[_Partial] = iter([] if self._every & always[0] else [("", {}, self._every)])
        for axis, after in zip(axes, always[1:], strict=True):
            partial = _grow(partial, axis, after)
        return partial


def _axis(name: str, choices: Sequence[str], exclude: Sequence[Globs], *, first: bool) -> _Axis:
    fits = dict.fromkeys(choices, sum(1 << index for index, rule in enumerate(exclude) if name not in rule))
    for index, rule in enumerate(exclude):
        for text in fitting(rule[name], choices) if name in rule else ():
            fits[text] |= 1 << index
    return _Axis(name, [(text, cell_id({name: text}) if first else f"-{slug(text)}", fits[text]) for text in choices])


def _from_the_end(operation: Callable[[int, int], int], numbers: Sequence[int], last: int) -> list[int]:
    """For each place, what comes of the numbers from there on and of `last`; one more, for the end."""
    return [*itertools.accumulate(reversed(numbers), operation, initial=last)][::-1]


def _grow(partial: Iterator[_Partial], axis: _Axis, after: int) -> Iterator[_Partial]:
    name, choices = axis.name, axis.choices
    for cell, values, rules in partial:
        for text, part, fits in choices:
            if not rules & fits & after:
                yield cell + part, {**values, name: text}, rules & fits


class _Rest:
    """How many combinations of some axes' values leave none of the rules that fit the other axes' values.

    What comes after values that the same rules fit is counted once: a million cells have few such states.
    """

    def __init__(self, axes: Iterable[_Axis]) -> None:
        shortest_first = sorted((Counter(axis.fits) for axis in axes), key=len)  # so that few states are kept
        self._axes = [list(axis.items()) for axis in shortest_first]
        self._sizes = _from_the_end(operator.mul, [axis.total() for axis in shortest_first], 1)
        common = [functools.reduce(operator.and_, axis, ALL) for axis in shortest_first]
        self._always = _from_the_end(operator.and_, common, ALL)
        self._known: list[dict[int, int]] = [{} for _ in self._axes]

    @property
    def always(self) -> int:
        """The rules that fit whatever the values are."""
        return self._always[0]

    def count(self, rules: int, depth: int = 0) -> int:
        if not rules:
            return self._sizes[depth]
        if rules & self._always[depth]:
            return 0
        if depth == len(self._axes) - 1:
            return sum(times for fits, times in self._axes[depth] if not rules & fits)
        known = self._known[depth]
        if rules not in known:
            known[rules] = sum(times * self.count(rules & fits, depth + 1) for fits, times in self._axes[depth])
        return known[rules]
