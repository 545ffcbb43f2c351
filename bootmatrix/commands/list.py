from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING

import click

from bootmatrix import repository
from bootmatrix.commands.common import (
    allow_option,
    load,
    matrix_options,
    say_unchecked,
    selection_argument,
    shard_option,
)
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.matrix.resolve import Boot
    from bootmatrix.model import Cell

    Boots = Callable[[], Iterator[Boot]]

AT_ONCE = 1000  # lines that are written: a few at a time would take longer than to find them
SHOWN = 4  # tests of a cell in a table


@click.command(
    "list",
    epilog="""\b
Examples:
  bootmatrix list
  bootmatrix list test=hello --format ids
  bootmatrix list backend=solo5-* '!compiler=clang' --format json""",
)
@selection_argument
@click.option("--format", "shape", type=click.Choice(["table", "ids", "json"]), default="table", show_default=True)
@shard_option
@allow_option
@matrix_options
def command(
    select: tuple[str, ...],
    shape: str,
    shard: str,
    out: Path | None,
    allow: tuple[Path, ...],
    directory: Path | None,
    file: Path,
) -> None:
    """List the cells and tests that a selection takes."""
    from bootmatrix.matrix import resolve  # noqa: PLC0415

    matrix = load(directory, file, allow)
    say_unchecked(matrix)
    boots: Boots = functools.partial(resolve.selected, matrix, select)
    if shard:
        boots = _part(boots, matrix, select, shard, out or repository.out(matrix.root))
    lines = {"table": _table, "ids": _ids, "json": _json}[shape](boots)
    while some := "".join(itertools.islice(lines, AT_ONCE)):
        click.echo(some, nl=False)


def _part(boots: Boots, matrix: Matrix, select: tuple[str, ...], shard: str, out: Path) -> Boots:
    from bootmatrix.running import request  # noqa: PLC0415  # it brings all that a run needs

    mine = request.cells_of_part(matrix, select, shard, out)
    return lambda: (boot for boot in boots() if boot[0].id in mine)


def _ids(boots: Boots) -> Iterator[str]:
    from bootmatrix.matrix.expanding.cells import test_id  # noqa: PLC0415

    return (f"{cell.id}/{test_id(name, params)}\n" for cell, name, _, params in boots())


def _json(boots: Boots) -> Iterator[str]:
    """A row a line."""
    import json  # noqa: PLC0415

    from bootmatrix.matrix.expanding.cells import test_id  # noqa: PLC0415

    before = "[\n"
    for cell, name, _, params in boots():
        test = test_id(name, params)
        row = {"id": f"{cell.id}/{test}", "cell": cell.id, "test": test, "axes": dict(cell.values), "params": params}
        yield before + json.dumps(row)
        before = ",\n"
    yield "\n]\n"


def _table(boots: Boots) -> Iterator[str]:
    """A row a cell. The boots are gone over twice: how wide a column is, the last of a million cells may say."""
    widths = _widths(boots())
    yield click.style(f"{_columns({axis: axis for axis in widths}, widths)}tests", bold=True) + "\n"
    cells = tests = 0
    for cell, shown, count in _by_cell(boots()):
        cells, tests = cells + 1, tests + count
        yield f"{_columns(cell.values, widths)}{count}: {', '.join(shown)}{', …' if count > SHOWN else ''}\n"
    yield f"\n{how_many(cells, 'cell')}, {how_many(tests, 'test')}\n"


def _widths(boots: Iterator[Boot]) -> dict[str, int]:
    seen: dict[tuple[str, str], None] = {}
    for _, group in itertools.groupby(boots, key=_cell_id):
        seen.update(dict.fromkeys(next(group)[0].values.items()))
    widths = {axis: len(axis) for axis, _ in seen}
    for axis, text in seen:
        widths[axis] = max(widths[axis], len(text))
    return widths


def _cell_id(boot: Boot) -> str:
    return boot[0].id


def _columns(values: Mapping[str, str], widths: Mapping[str, int]) -> str:
    return "".join(f"{values.get(axis, '').ljust(width)}  " for axis, width in widths.items())


def _by_cell(boots: Iterator[Boot]) -> Iterator[tuple[Cell, list[str], int]]:
    """Each cell, its first tests and how many it has."""
    from bootmatrix.matrix.expanding.cells import test_id  # noqa: PLC0415

    for _, group in itertools.groupby(boots, key=_cell_id):
        of_cell = iter(group)
        first = list(itertools.islice(of_cell, SHOWN))
        shown = [test_id(name, params) for _, name, _, params in first]
        yield first[0][0], shown, len(first) + sum(1 for _ in of_cell)
