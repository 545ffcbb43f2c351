"""A grid as lines: headers, the rows' labels, and signs in boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import set_cell_size

from bootmatrix.screen.grid import headers
from bootmatrix.screen.signs import merged, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.screen.grid import Grid
    from bootmatrix.screen.pen import Span
    from bootmatrix.screen.space import Space

LABEL = "bold"


def table(space: Space, grid: Grid, boxes: Sequence[list[Span]]) -> Iterator[list[Span]]:
    """`boxes` have the signs of each box, row by row."""
    margin = " " * grid.margin
    for level in range(len(grid.columns)):
        spans = headers(space, grid.columns, grid.column_keys, level)
        yield [
            ((margin + "".join(set_cell_size(label, count * grid.column) for label, count in spans)).rstrip(), LABEL)
        ]
    across = len(grid.column_keys)
    for row, label in enumerate(_labels(space, grid)):
        yield from _row(grid, label, boxes[row * across : (row + 1) * across])


def _labels(space: Space, grid: Grid) -> Iterator[str]:
    """A label that the row above has, too, is left out."""
    before: tuple[int, ...] = ()
    for key in grid.row_keys:
        parts = []
        for level, axis in enumerate(grid.rows):
            text = "" if key[: level + 1] == before[: level + 1] else space.labels[axis][key[level]]
            parts.append(set_cell_size(text, grid.labels[level]))
        before = key
        yield " ".join(parts)


def _row(grid: Grid, label: str, boxes: Sequence[list[Span]]) -> Iterator[list[Span]]:
    parts = [list(split(signs, grid.box)) for signs in boxes]
    for line in range(grid.lines):
        spans = [(set_cell_size("" if line else label, grid.margin), LABEL)]
        for rows in parts:
            spans += _padded(rows[line] if line < len(rows) else [], grid.column)
        while spans and not spans[-1][0].strip():
            spans.pop()
        yield merged(spans)


def _padded(signs: list[Span], width: int) -> list[Span]:
    return [*signs, (" " * (width - sum(len(text) for text, _ in signs)), "")]
