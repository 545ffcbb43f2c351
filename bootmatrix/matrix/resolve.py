"""One boot's fields: the defaults, overridden by what matches, then by the test and by what matches there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix.matrix import cells, template
from bootmatrix.matrix.schema import Pattern, TestFields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.matrix.schema import Defaults, Test
    from bootmatrix.model import Cell

DEEP = {"expect", "retry"}  # merged key by key, as `runner` is; every other field is replaced


class Resolver:
    """Merges the layers of a test; equal layers give the same object, however many cells share them."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self._merged: dict[tuple[int, ...], TestFields] = {}
        only = list(matrix.builds)
        self._build = only[0] if len(only) == 1 else None

    def boots(self) -> Iterator[tuple[Cell, str, Test, dict[str, str]]]:
        """Every cell, the test's name, the test and its parameters: the order of the report."""
        for cell in self.matrix.cells:
            for name, test in self.matrix.tests.items():
                if not test.only or any(cells.matches(cell.values, match) for match in test.only):
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


def _layers(fields: Defaults, values: Mapping[str, str]) -> list[TestFields]:
    return [fields, *(when for when in fields.when if cells.matches(values, when.match))]


def fill(fields: TestFields, values: Mapping[str, str]) -> TestFields:
    """The fields with their placeholders filled in."""
    expect = fields.expect.model_copy(
        update={
            key: [
                Pattern.model_construct(text=template.fill(p.text, values), regex=template.fill(p.regex, values))
                for p in found
            ]
            for key in ("console", "console_any", "console_not")
            if (found := getattr(fields.expect, key))
        }
    )
    return fields.model_copy(
        update={
            "unikernel": template.fill(fields.unikernel, values),
            "args": [template.fill(text, values) for text in fields.args],
            "expect": expect,
        }
    )
