"""Which values of a few axes come together in a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.matrix.expanding import cells

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bootmatrix.matrix.expanding.expansion import Cells
    from bootmatrix.matrix.keys.values import Match

FEW = 1000  # combinations that are kept


class Combinations:
    """What cells have on a few axes, or what is implied there."""

    def __init__(self, found: Cells, axes: Mapping[str, list[str]]) -> None:
        self.cells, self.axes = found, axes
        self.known: dict[tuple[str, ...], list[cells.Values]] = {}

    def on(self, axes: tuple[str, ...]) -> list[cells.Values]:
        """Each combination once; they are looked for once for each set of axes."""
        if axes not in self.known:
            self.known[axes] = list({tuple(values.values()): values for values in self._each(axes, {})}.values())
        return self.known[axes]

    def are_few(self, axes: Collection[str]) -> bool:
        """Whether those on these axes can be gone over for each test."""
        return cells.count({axis: self.axes[axis] for axis in axes if axis in self.axes}) <= FEW

    def backends(self, match: Match) -> set[str]:
        """The backends of the cells that fit."""
        axes = tuple(dict.fromkeys([*match, "backend"]))
        found = self.on(axes) if self.are_few(axes) else self._each(axes, match)
        return {values["backend"] for values in found if cells.matches(values, match)}

    def _each(self, axes: tuple[str, ...], match: Match) -> Iterator[cells.Values]:
        for values in self.cells.on(axes, match):
            yield {axis: values.get(axis, cells.IMPLICIT.get(axis, "")) for axis in axes}
