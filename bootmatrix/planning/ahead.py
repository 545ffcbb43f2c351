"""What a plan would find missing, told by a command that makes none: one boot is looked at for many that are alike."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING

from bootmatrix import plugins
from bootmatrix.matrix import cells, resolve, template
from bootmatrix.matrix.combinations import Combinations
from bootmatrix.model import Cell, Rejected
from bootmatrix.planning import sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bootmatrix.matrix.guests import GuestFields
    from bootmatrix.matrix.load import Matrix
    from bootmatrix.matrix.schema import Test, TestFields

MOST = 10_000  # boots of a test that are looked at; a plan looks at all
FORMAT = "{format}"
ALWAYS = ("backend", "arch")  # they decide whether there is a boot at all


def check(matrix: Matrix, terms: Sequence[str]) -> None:
    """Raises UserError with all files of the repository that selected boots name and that are not there."""
    found = _Ahead(matrix)
    naming = {name: found.keys(test) for name, test in matrix.tests.items() if found.names_files(test)}
    boots = resolve.selected(matrix, terms) if terms and naming else _each(matrix, naming)
    seen = set()
    for cell, name, test, params in boots:
        if name in naming:
            values = {**cells.IMPLICIT, **cell.values, **params, "cell": cell.id}
            if (alike := (name, *map(values.get, naming[name]))) not in seen:
                seen.add(alike)
                found.look(cell, name, test, params)
    found.sources.stop()


def _each(matrix: Matrix, naming: Mapping[str, list[str]]) -> Iterator[resolve.Boot]:
    """For each test a boot with each combination of the values on the axes that matter to it."""
    combinations = Combinations(matrix.cells, matrix.axes)
    for name, keys in naming.items():
        test = matrix.tests[name]
        axes = matrix.cells.keys if "cell" in keys else [key for key in keys if key not in test.params]
        found = (
            (Cell(cells.cell_id(values), values), name, test, params)
            for values in combinations.each(tuple(axes))
            if not test.only or any(cells.matches(values, match) for match in test.only)
            for params in cells.spread_params(test.params)
        )
        yield from itertools.islice(found, MOST)


class _Ahead:
    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.sources = sources.Sources(matrix)
        self._resolver = resolve.Resolver(matrix)
        self._formats: dict[tuple[str, str, int], str | None] = {}

    def _layers(self, test: Test) -> Iterator[GuestFields]:
        for fields in (self.matrix.defaults, test):
            for layer in (fields, *fields.when):
                yield layer
                yield from layer.guests.values()

    def names_files(self, test: Test) -> bool:
        """Whether it may name one: with a build its unikernel is none of the repository."""
        layers = [*self._layers(test)]
        built = len(self.matrix.builds) == 1 or bool(test.build or self.matrix.defaults.build)
        unbuilt = not built or any(each.build is None and "build" in each.model_fields_set for each in layers)
        return unbuilt or any(named.keys != ("unikernel",) for each in layers for named in sources.of(each))

    def keys(self, test: Test) -> list[str]:
        """The axes and parameters that decide which files it names."""
        found = dict.fromkeys(ALWAYS)
        for layer in self._layers(test):
            found.update(
                dict.fromkeys(name for each in sources.of(layer) for name in sorted(template.names(each.text)))
            )
        for match in (*test.only, *(when.match for fields in (self.matrix.defaults, test) for when in fields.when)):
            found.update(dict.fromkeys(match))
        known = {*self.matrix.cells.keys, *cells.IMPLICIT, *test.params, "cell"}
        return [key for key in found if key in known]

    def look(self, cell: Cell, name: str, test: Test, params: Mapping[str, str]) -> None:
        fields = self._resolver.fields(cell, test, params)
        if fields.skip:
            return
        for guest, own in (self._resolver.guests(fields) or {"": fields}).items():
            backend = (fields.guests[guest].backend if guest else None) or cells.value(cell, "backend")
            arch = cells.value(cell, "arch")
            values = {**cells.IMPLICIT, **cell.values, **params, "test": name, "cell": cell.id}
            values |= {template.GUEST: guest} if guest else {}
            if any(FORMAT in each.text for each in self.sources.of(own)):
                values["format"] = self._format(backend, arch, own) or FORMAT
            self.sources.look(name, guest, own, values, functools.partial(self._boots, backend, arch, own))

    def _boots(self, backend: str, arch: str, fields: TestFields) -> bool:
        return self._format(backend, arch, fields) is not None

    def _format(self, backend: str, arch: str, fields: TestFields) -> str | None:
        """The ending of the backend's files; None where it does not boot the architecture."""
        known = (backend, arch, id(fields.runner))
        if known not in self._formats:
            runner = plugins.make_runner(backend, fields.runner, self.matrix.root)
            try:
                runner.tender(arch)
                self._formats[known] = runner.format
            except Rejected:
                self._formats[known] = None
        return self._formats[known]
