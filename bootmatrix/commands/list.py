from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bootmatrix.commands.common import load, matrix_options, selection_argument

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.model import Cell

    Found = tuple[Cell, str, dict[str, str]]


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
@matrix_options
def command(select: tuple[str, ...], shape: str, directory: Path | None, file: Path) -> None:
    """List the cells and tests that a selection takes."""
    from bootmatrix.matrix import cells, resolve  # noqa: PLC0415

    matrix = load(directory, file)
    boots = resolve.selected(matrix, select)
    found = ((cell, cells.test_id(name, params), params) for cell, name, _, params in boots)
    {"table": _table, "ids": _ids, "json": _json}[shape](found)


def _ids(found: Iterator[Found]) -> None:
    sys.stdout.writelines(f"{cell.id}/{test}\n" for cell, test, _ in found)


def _json(found: Iterator[Found]) -> None:
    """A row a line, written as it is found: a matrix may have millions."""
    import json  # noqa: PLC0415

    before = "[\n"
    for cell, test, params in found:
        row = {"id": f"{cell.id}/{test}", "cell": cell.id, "test": test, "axes": dict(cell.values), "params": params}
        sys.stdout.write(before + json.dumps(row))
        before = ",\n"
    sys.stdout.write("\n]\n")


def _table(found: Iterator[Found]) -> None:
    tests: dict[str, list[str]] = {}
    axes: dict[str, dict[str, str]] = {}
    for cell, test, _ in found:
        tests.setdefault(cell.id, []).append(test)
        axes[cell.id] = dict(cell.values)
    names = list(dict.fromkeys(key for values in axes.values() for key in values))
    rows = [
        [*names, "tests"],
        *([values.get(n, "") for n in names] + [_short(tests[cell])] for cell, values in axes.items()),
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(names))]
    for index, row in enumerate(rows):
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=False)) + "  " + row[-1]
        click.echo(click.style(line, bold=True) if index == 0 else line)
    click.echo(f"\n{len(axes)} cells, {sum(map(len, tests.values()))} tests")


def _short(tests: list[str]) -> str:
    shown = ", ".join(tests[:4])
    return f"{len(tests)}: {shown}{', …' if len(tests) > 4 else ''}"  # noqa: PLR2004
