"""The matrix as a table: a row a test, a column for as many axes as there is room for, and the worst told first."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.model import GOOD_VERDICTS, RANKS, SEVERITY
from bootmatrix.screen.signs import UNICODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bootmatrix.model import Result

COLUMNS = 12
NONE = len(SEVERITY)


@dataclass
class Box:
    """The results of a test in a column: the worst verdict's rank, how many have it, and how many there are."""

    worst: int = NONE
    having: int = 0
    total: int = 0

    def add(self, rank: int) -> None:
        self.total += 1
        if rank < self.worst:
            self.worst, self.having = rank, 0
        self.having += rank == self.worst

    def __str__(self) -> str:
        sign = UNICODE.of[SEVERITY[self.worst]]
        if self.total == 1:
            return sign
        return f"{sign} {self.having:,}" if self.having == self.total else f"{sign} {self.having:,}/{self.total:,}"


@dataclass(frozen=True)
class Pivot:
    """`columns` are values of `axes`; a row has a box for each column, None where the test is not in it."""

    axes: tuple[str, ...]
    columns: Sequence[tuple[str, ...]]
    rows: Sequence[tuple[str, Sequence[Box | None]]]

    def verdicts(self) -> list[str]:
        """Those whose signs are shown, the worst first."""
        ranks = {box.worst for _, boxes in self.rows for box in boxes if box}
        return [SEVERITY[rank] for rank in sorted(ranks)]


def of(results: Iterable[Result], axes: Sequence[str]) -> Pivot:
    """Goes over the results once; `axes` are the matrix's."""
    tests: dict[str, int] = {}
    cells: dict[tuple[str, ...], int] = {}
    places = array("l")  # of each result its test, its cell and its verdict's rank
    for result in results:
        values = tuple([result.axes.get(axis, "") for axis in axes])
        test, cell = tests.setdefault(result.test, len(tests)), cells.setdefault(values, len(cells))
        places.extend((test, cell, RANKS[result.verdict]))
    chosen = _chosen(cells, len(axes))
    columns: dict[tuple[str, ...], int] = {}
    column = [columns.setdefault(tuple(cell[at] for at in chosen), len(columns)) for cell in cells]
    boxes: dict[tuple[int, int], Box] = {}
    for test, cell, rank in zip(places[::3], places[1::3], places[2::3], strict=True):
        boxes.setdefault((test, column[cell]), Box()).add(rank)
    rows = [(name, [boxes.get((test, at)) for at in range(len(columns))]) for name, test in tests.items()]
    return Pivot(tuple(axes[at] for at in chosen), list(columns), rows)


def _chosen(cells: Iterable[tuple[str, ...]], axes: int) -> list[int]:
    """Those axes, from the last one on, that have several values and together no more than can stand side by side."""
    chosen: list[int] = []
    for axis in reversed(range(axes)):
        if len({cell[axis] for cell in cells}) == 1:
            continue
        more = sorted([axis, *chosen])
        if len({tuple(cell[at] for at in more) for cell in cells}) <= COLUMNS:
            chosen = more
    return chosen


def is_bad(row: tuple[str, Sequence[Box | None]]) -> bool:
    return any(box and SEVERITY[box.worst] not in GOOD_VERDICTS for box in row[1])
