"""Which axes make rows and which columns, so that the grid fits and can be read: pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby, product
from typing import TYPE_CHECKING

from rich.cells import cell_len

from bootmatrix.screen.space import picker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.screen.space import Key, Space

LABELS = 0.6  # of the width that rows' labels may take
LINE = 5  # columns that are no worse than one line more
GAP = 2  # columns between boxes, where there is room


@dataclass(frozen=True)
class Grid:
    """`rows` and `columns` are axes, `row_keys` and `column_keys` their combinations that have cells; the other axes
    are summed up. A box of `box` signs in each of `lines` lines stands for up to `tests` tests; a column is `column`
    wide, with the gap. `labels` are the widths of the rows' labels, one for each axis.
    """

    rows: Key
    columns: Key
    row_keys: tuple[Key, ...]
    column_keys: tuple[Key, ...]
    labels: tuple[int, ...]
    tests: int
    box: int
    lines: int
    column: int

    @property
    def height(self) -> int:
        return len(self.columns) + len(self.row_keys) * self.lines

    @property
    def margin(self) -> int:
        return _margin(self.labels)

    def places(self, points: Sequence[Key]) -> list[int]:
        """For each point the number of its box, counted row by row."""
        row, column = picker(self.rows), picker(self.columns)
        rows = {key: index * len(self.column_keys) for index, key in enumerate(self.row_keys)}
        columns = {key: index for index, key in enumerate(self.column_keys)}
        return [rows[row(point)] + columns[column(point)] for point in points]


def _margin(labels: Key) -> int:
    """Each label and a space, and one more before the boxes."""
    return sum(labels) + len(labels) + bool(labels)


def choose(space: Space, width: int, height: int) -> Grid:
    """The finest grid whose labels can be read; of those as fine, the one with most signs, then the most compact.

    The last resort is one bar for all, which always fits.
    """
    candidates = (_grid(space, rows, columns, width, height) for rows, columns in _splits(len(space.axes)))
    fitting = [grid for grid in candidates if grid]
    return max(fitting, key=lambda grid: _rank(space, grid), default=_bar(space, width))


def _splits(axes: int) -> Iterator[tuple[Key, Key]]:
    """Every way to give each axis to the rows, to the columns or to neither."""
    for roles in product((0, 1, 2), repeat=axes):
        rows, columns = (tuple(axis for axis in range(axes) if roles[axis] == role) for role in (1, 2))
        yield rows, columns


def _rank(space: Space, grid: Grid) -> tuple[int, float, int]:
    boxes = len(space.tests(sorted(grid.rows + grid.columns)))
    signs = min(1.0, grid.box * grid.lines / max(1, grid.tests))
    return boxes, signs, -(LINE * grid.height + grid.margin + grid.column * len(grid.column_keys))


def _bar(space: Space, width: int) -> Grid:
    tests = space.tests(())[()]
    return Grid((), (), ((),), ((),), (), tests, max(1, min(tests, width)), 1, max(1, width))


def _grid(space: Space, rows: Key, columns: Key, width: int, height: int) -> Grid | None:
    """None if it does not fit, or if labels would have to be cut."""
    many, across = len(space.tests(rows)), len(space.tests(columns))
    if not many or many + len(columns) > height or 2 * across > width:
        return None
    row_keys, column_keys = tuple(sorted(space.tests(rows))), tuple(sorted(space.tests(columns)))
    labels = tuple(max(cell_len(space.labels[axis][key[i]]) for key in row_keys) for i, axis in enumerate(rows))
    margin = _margin(labels)
    available = (width - margin + 1) // across  # the last column needs no gap
    needed = max(_needed(space, columns, column_keys), 2)
    if available < needed or margin > LABELS * width:
        return None
    tests = max(space.tests(sorted(rows + columns)).values())
    box, lines = _box(tests, available - 1, (height - len(columns)) // many)
    column = min(available, max(needed, box + GAP))
    return Grid(rows, columns, row_keys, column_keys, labels, tests, box, lines, column)


def _box(tests: int, width: int, height: int) -> tuple[int, int]:
    """Signs in a line, and lines: more than one only if every test then has a sign of its own."""
    box = max(1, min(tests, width))
    lines = math.ceil(tests / box)
    return (box, lines) if 1 <= lines <= height else (box, 1)


def _needed(space: Space, columns: Key, keys: Sequence[Key]) -> int:
    """The width of a column at which every header has room above its columns, and a space."""
    spans = (span for level in range(len(columns)) for span in headers(space, columns, keys, level))
    return max((math.ceil((cell_len(label) + 1) / count) for label, count in spans), default=0)


def headers(space: Space, columns: Key, keys: Sequence[Key], level: int) -> Iterator[tuple[str, int]]:
    """The labels of one header line, outermost axis first, and how many columns each spans."""
    for prefix, group in groupby(keys, key=lambda key: key[: level + 1]):
        yield space.labels[columns[level]][prefix[-1]], len(list(group))
