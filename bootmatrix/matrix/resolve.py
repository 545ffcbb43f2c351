"""One boot's fields: the defaults, overridden by what matches, then by the test and by what matches there."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

from bootmatrix import errors
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix import layering
from bootmatrix.matrix.expanding import cells, select

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bootmatrix.matrix.expanding.cells import Globs
    from bootmatrix.matrix.keys.schema import Test, TestFields
    from bootmatrix.matrix.load import Matrix
    from bootmatrix.model import Cell

    Boot = tuple[Cell, str, Test, dict[str, str]]

FEW = 1000


class Resolver:
    """Merges the layers of a test; equal layers give the same object, however many cells share them."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self._merged: dict[tuple[int, ...], TestFields] = {}
        self._guests: dict[int, dict[str, TestFields]] = {}
        self._known: dict[str, list[str]] = {}
        only = list(matrix.builds)
        self._build = only[0] if len(only) == 1 else None

    def boots(self, match: Globs | None = None) -> Iterator[Boot]:
        """Every cell near `match`, the test's name, the test and its parameters: the order of the report."""
        tests = [
            (name, test, self._limits(test), cells.spread_params(test.params))
            for name, test in self.matrix.tests.items()
        ]
        for cell in self.matrix.cells.near(match or {}):
            for name, test, limits, spread in tests:
                if not limits or any(_is_within(limit, cell) for limit in limits):
                    for params in spread:
                        yield cell, name, test, params

    def _limits(self, test: Test) -> list[dict[str, frozenset[str]]]:
        """A test's `only`, with every value that fits: a million cells are not held against globs."""
        return [
            {axis: frozenset(cells.fitting(globs, self._values(axis))) for axis, globs in match.items()}
            for match in test.only
        ]

    def _values(self, axis: str) -> list[str]:
        """What cells have on an axis, and what is implied there."""
        if axis not in self._known:
            implied = [cells.IMPLICIT[axis]] if axis in cells.IMPLICIT else []
            self._known[axis] = [*_values(self.matrix, axis), *implied]
        return self._known[axis]

    def fields(self, cell: Cell, test: Test, params: Mapping[str, str]) -> TestFields:
        """The merged fields, placeholders not yet filled in."""
        values = {**cells.IMPLICIT, **cell.values, **params}
        layers = layering.layers_of(self.matrix.defaults, test, values)
        key = tuple(id(layer) for layer in layers)
        if key not in self._merged:
            self._merged[key] = self._merge(layers)
        return self._merged[key]

    def guests(self, fields: TestFields) -> Mapping[str, TestFields]:
        """Of fields that `fields` gave: those of each of the test's guests, as if it were a test; none if it has one
        guest only.
        """
        return self._guests.get(id(fields), {})

    def _merge(self, layers: list[TestFields]) -> TestFields:
        made = layering.merged(layers, self._build)
        if made.guests:
            self._guests[id(made)] = {name: layering.merged_guest(layers, name, self._build) for name in made.guests}
        return made


def selected(matrix: Matrix, terms: Sequence[str]) -> Iterator[Boot]:
    """The boots that the terms take; raises UserError if one names nothing, or if nothing fits all of them."""
    resolver = Resolver(matrix)
    if not terms:
        return resolver.boots()
    known = selectable(matrix)
    terms = select.named(terms, known, lambda: (cell.id for cell in matrix.cells))
    selection = select.parse(terms, known)
    for glob in (*selection.ids, *selection.without_ids):
        if not any(
            select.names(glob, cell.id, cells.test_id(name, params)) for cell, name, _, params in resolver.boots()
        ):
            raise UserError(Problem(f"select: there is no cell or test '{glob}'", remedy=_near(glob, matrix)))
    return _taken(resolver.boots(selection.keys), selection, terms)


def selectable(matrix: Matrix) -> dict[str, list[str]]:
    """The keys that a term may name, with their values."""
    known: dict[str, dict[str, None]] = {"test": dict.fromkeys(matrix.tests)}
    on_cells = ((key, _values(matrix, key)) for key in matrix.cells.keys)
    of_tests = (params for test in matrix.tests.values() for params in test.params.items())
    for key, texts in (*on_cells, *of_tests):
        known.setdefault(key, {}).update(dict.fromkeys(texts))
    return {key: list(texts) for key, texts in known.items()}


def _values(matrix: Matrix, key: str) -> list[str]:
    return list(dict.fromkeys(values[key] for values in matrix.cells.on((key,)) if values))


def _is_within(limit: Mapping[str, Collection[str]], cell: Cell) -> bool:
    return all(cell.values.get(axis, cells.IMPLICIT.get(axis)) in texts for axis, texts in limit.items())


def _near(glob: str, matrix: Matrix) -> str:
    cell, slash, _ = glob.partition("/")
    if slash and any(select.names(cell, each.id, "") for each in matrix.cells):
        ids = (
            cells.test_id(name, params) for name, t in matrix.tests.items() for params in cells.spread_params(t.params)
        )
        return suggest(glob, [f"{cell}/{test}" for test in itertools.islice(ids, FEW)])
    if len(matrix.cells) <= errors.MOST:
        return suggest(cell, [*(() if slash else matrix.tests), *(each.id for each in matrix.cells)])
    first = heapq.nsmallest(errors.FEW, (each.id for each in matrix.cells))  # `suggest` would sort a copy of a million
    shown = ", ".join(errors.printable(each, errors.LONGEST) for each in first)
    return f"possible: {shown}, … ({len(matrix.cells):,} in all)"


def _taken(boots: Iterator[Boot], selection: select.Selection, terms: Sequence[str]) -> Iterator[Boot]:
    empty = True
    for cell, name, test, params in boots:
        if selection.takes(cell.id, cells.test_id(name, params), {**cell.values, **params, "test": name}):
            empty = False
            yield cell, name, test, params
    if empty:
        remedy = "each term matches something, but no test matches all of them"
        raise UserError(Problem(f"nothing is selected by {' '.join(terms)}", remedy=remedy))
