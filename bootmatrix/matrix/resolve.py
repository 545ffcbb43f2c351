"""One boot's fields: the defaults, overridden by what matches, then by the test and by what matches there."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix import cells, select, template
from bootmatrix.matrix.schema import Pattern, TestFields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.matrix.schema import Defaults, Test
    from bootmatrix.model import Cell

    Boot = tuple[Cell, str, Test, dict[str, str]]

FEW = 1000
DEEP = {"expect", "retry"}  # merged key by key, as `runner` is; every other field is replaced


class Resolver:
    """Merges the layers of a test; equal layers give the same object, however many cells share them."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self._merged: dict[tuple[int, ...], TestFields] = {}
        only = list(matrix.builds)
        self._build = only[0] if len(only) == 1 else None

    def boots(self) -> Iterator[Boot]:
        """Every cell, the test's name, the test and its parameters: the order of the report."""
        for cell in self.matrix.cells:
            for name, test in self.matrix.tests.items():
                if not test.only or any(cells.matches({**cells.IMPLICIT, **cell.values}, m) for m in test.only):
                    for params in cells.spread_params(test.params):
                        yield cell, name, test, params

    def fields(self, cell: Cell, test: Test, params: Mapping[str, str]) -> TestFields:
        """The merged fields, placeholders not yet filled in."""
        values = {**cells.IMPLICIT, **cell.values, **params}
        layers = [*_layers(self.matrix.defaults, values), *_layers(test, values)]
        key = tuple(id(layer) for layer in layers)
        if key not in self._merged:
            self._merged[key] = self._merge(layers)
        return self._merged[key]

    def _merge(self, layers: list[TestFields]) -> TestFields:
        result: dict[str, Any] = {name: field.get_default() for name, field in TestFields.model_fields.items()}
        result["build"] = self._build
        for layer in layers:
            for name in layer.model_fields_set & result.keys():
                given = getattr(layer, name)
                if name in DEEP:
                    given = result[name].model_copy(update={k: getattr(given, k) for k in given.model_fields_set})
                elif name == "runner":
                    given = {**result[name], **given}
                result[name] = given
        return TestFields.model_construct(**result)


def selected(matrix: Matrix, terms: Sequence[str]) -> Iterator[Boot]:
    """The boots that the terms take; raises UserError if one names nothing, or if nothing fits all of them."""
    every = Resolver(matrix).boots
    if not terms:
        return every()
    known = selectable(matrix)
    selection = select.parse(terms, known)
    for key, globs in (*selection.keys.items(), *selection.without_keys):
        for glob in cells.unmatched(globs, known[key]):
            raise UserError(Problem(f"select: {key} is never '{glob}'", remedy=suggest(glob, known[key])))
    for glob in (*selection.ids, *selection.without_ids):
        if not any(select.names(glob, cell.id, cells.test_id(name, params)) for cell, name, _, params in every()):
            raise UserError(Problem(f"select: there is no cell or test '{glob}'", remedy=_near(glob, matrix)))
    return _taken(every(), selection, terms)


def selectable(matrix: Matrix) -> dict[str, list[str]]:
    """The keys that a term may name, with their values."""
    known: dict[str, dict[str, None]] = {"test": dict.fromkeys(matrix.tests)}
    for values in (*(cell.values for cell in matrix.cells), *(test.params for test in matrix.tests.values())):
        for key, texts in values.items():
            known.setdefault(key, {}).update(dict.fromkeys([texts] if isinstance(texts, str) else texts))
    return {key: list(texts) for key, texts in known.items()}


def _near(glob: str, matrix: Matrix) -> str:
    if glob in matrix.tests:
        return f"write test={glob}"
    cell, slash, _ = glob.partition("/")
    if slash and any(select.names(cell, each.id, "") for each in matrix.cells):
        ids = (
            cells.test_id(name, params) for name, t in matrix.tests.items() for params in cells.spread_params(t.params)
        )
        return suggest(glob, [f"{cell}/{test}" for test in itertools.islice(ids, FEW)])
    return suggest(cell, [each.id for each in matrix.cells])


def _taken(boots: Iterator[Boot], selection: select.Selection, terms: Sequence[str]) -> Iterator[Boot]:
    empty = True
    for cell, name, test, params in boots:
        if selection.takes(cell.id, cells.test_id(name, params), {**cell.values, **params, "test": name}):
            empty = False
            yield cell, name, test, params
    if empty:
        remedy = "each term fits something, but no test of a cell fits all of them"
        raise UserError(Problem(f"nothing is selected by {' '.join(terms)}", remedy=remedy))


def _layers(fields: Defaults, values: Mapping[str, str]) -> list[TestFields]:
    return [fields, *(when for when in fields.when if cells.matches(values, when.match))]


def fill(fields: TestFields, values: Mapping[str, str]) -> TestFields:
    """The fields with their placeholders filled in, but for `args`: those are filled in at each attempt.

    A value in a regular expression stands for itself.
    """
    escaped = {key: re.escape(text) for key, text in values.items()}
    expect = fields.expect.model_copy(
        update={
            key: [
                Pattern.model_construct(text=template.fill(p.text, values), regex=template.fill(p.regex, escaped))
                for p in found
            ]
            for key in ("console", "console_any", "console_not", "tender")
            if (found := getattr(fields.expect, key))
        }
    )
    return fields.model_copy(
        update={
            "unikernel": template.fill(fields.unikernel, values),
            "expect": expect,
        }
    )
