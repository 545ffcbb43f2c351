from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bootmatrix.commands.common import load, matrix_options, selection_argument

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.model import Cell


@click.command(
    "list",
    epilog="\b\nExamples:\n  bootmatrix list\n  bootmatrix list test=hello --format ids\n  bootmatrix list backend=solo5-* '!compiler=clang' --format json",
)
@selection_argument
@click.option("--format", "shape", type=click.Choice(["table", "ids", "json"]), default="table", show_default=True)
@matrix_options
def command(select: tuple[str, ...], shape: str, directory: Path | None, file: Path) -> None:
    """List the cells and tests that a selection takes."""
    matrix = load(directory, file)
    found = _selected(matrix, select)
    {"table": _table, "ids": _ids, "json": _json}[shape](found, matrix)


def _selected(matrix: Matrix, terms: tuple[str, ...]) -> Iterator[tuple[Cell, str, dict[str, str]]]:
    from bootmatrix import plan  # noqa: PLC0415
    from bootmatrix.errors import Problem, UserError, suggest  # noqa: PLC0415
    from bootmatrix.matrix import cells, resolve, select  # noqa: PLC0415

    selection = select.parse(terms, plan.keys_of(matrix))
    any_ = False
    for cell, name, _, params in resolve.Resolver(matrix).boots():
        test = cells.test_id(name, params)
        if selection.everything or selection.takes(cell.id, test, {**cell.values, **params, "test": name}):
            any_ = True
            yield cell, test, params
    if not any_:
        near = [*(cell.id for cell in matrix.cells), *matrix.tests]
        raise UserError(
            Problem(f"nothing is selected by {' '.join(terms)}", remedy=suggest(terms[0] if terms else "", near))
        )


def _ids(found: Iterator[tuple[Cell, str, dict[str, str]]], matrix: Matrix) -> None:
    del matrix
    for cell, test, _ in found:
        click.echo(f"{cell.id}/{test}")


def _json(found: Iterator[tuple[Cell, str, dict[str, str]]], matrix: Matrix) -> None:
    import json  # noqa: PLC0415

    del matrix
    rows = [
        {
            "id": f"{cell.id}/{test}",
            "cell": cell.id,
            "test": test,
            "axes": dict(cell.values),
            "params": params,
        }
        for cell, test, params in found
    ]
    click.echo(json.dumps(rows, indent=1))


def _table(found: Iterator[tuple[Cell, str, dict[str, str]]], matrix: Matrix) -> None:
    tests: dict[str, list[str]] = {}
    axes: dict[str, dict[str, str]] = {}
    for cell, test, _ in found:
        tests.setdefault(cell.id, []).append(test)
        axes[cell.id] = dict(cell.values)
    names = list(dict.fromkeys([*matrix.axes, *(key for values in axes.values() for key in values)]))
    rows = [
        names + ["tests"],
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
