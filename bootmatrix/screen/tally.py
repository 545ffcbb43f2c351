"""The results of each cell so far: counts by verdict, and the box of the grid that shows them."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from bootmatrix.model import RANKS, SEVERITY
from bootmatrix.screen.grid import choose
from bootmatrix.screen.signs import box
from bootmatrix.screen.space import Space
from bootmatrix.screen.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bootmatrix.screen.contract import Shape
    from bootmatrix.screen.pen import Span
    from bootmatrix.screen.signs import Alphabet

VERDICTS = len(SEVERITY)


class Tally:
    """The cells' counts are in one flat array: there may be 100,000 cells."""

    def __init__(self, shape: Shape, alphabet: Alphabet, width: int, height: int) -> None:
        self.space, self.alphabet = Space(shape), alphabet
        self.counts = [0] * VERDICTS
        self._cells = {name: index for index, name in enumerate(self.space.names)}
        self._tests = [shape.tests.get(name, 0) for name in self.space.names]
        self._tallies = array("Q", bytes(8 * VERDICTS * len(self._cells)))
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """Choose the grid anew, for a terminal that has become larger or smaller."""
        self.grid = choose(self.space, width, height)
        self._places = self.grid.places(self.space.points)
        self._boxes = [[0] * VERDICTS for _ in range(len(self.grid.row_keys) * len(self.grid.column_keys))]
        self._totals = [0] * len(self._boxes)
        for cell, place in enumerate(self._places):
            counts, start = self._boxes[place], cell * VERDICTS
            self._totals[place] += self._tests[cell]
            for number, count in enumerate(self._tallies[start : start + VERDICTS]):
                counts[number] += count

    def add(self, cell: str, verdict: str) -> None:
        number = RANKS[verdict]
        self.counts[number] += 1
        index = self._cells.get(cell)
        if index is not None:
            self._tallies[index * VERDICTS + number] += 1
            self._boxes[self._places[index]][number] += 1

    def lines(self, running: Iterable[str]) -> Iterator[list[Span]]:
        """The grid; `running` has the cell of each boot in flight."""
        busy = [0] * len(self._boxes)
        for cell in running:
            if cell in self._cells:
                busy[self._places[self._cells[cell]]] += 1
        room = self.grid.box * self.grid.lines
        each = zip(self._boxes, busy, self._totals, strict=True)
        return table(self.space, self.grid, [box(*known, room, self.alphabet) for known in each])
