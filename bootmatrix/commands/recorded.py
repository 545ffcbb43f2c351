"""Options of the commands that read recorded runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bootmatrix import repository
from bootmatrix.errors import Problem, UserError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.history.database import History
    from bootmatrix.screen.pen import Pen

NEWEST = 20  # runs that are named where one is not found
RESULTS = "results.json"

F = TypeVar("F", bound="Callable[..., Any]")


def history_option(function: F) -> F:
    text = "Where results are kept: a path (SQLite), a database's URL, or `none`; without it, below .bootmatrix/."
    return click.option("--history", default="", metavar="URL", help=text)(function)


def runs_option(function: F) -> F:
    text = "The folder of the runs; without it, out/ beside the matrix."
    return click.option("--out", type=click.Path(path_type=Path), help=text)(function)


def runs_folder(out: Path | None, directory: Path | None, file: Path) -> Path:
    """Where runs are, as the user said it."""
    return out or repository.out(root_of(directory, file))


def root_of(directory: Path | None, file: Path) -> Path:
    """The project's folder: that of the matrix, which need not be read."""
    return ((directory or Path()) / file).parent


def folder_of(run: str, out: Path) -> Path:
    """Of a run that is named by its id, as `latest`, or by its folder; UserError if there is none with results."""
    found = next((each for each in (out / run, Path(run)) if run and each.is_dir()), None)
    if found is None:
        runs = runs_in(out)
        remedy = suggest(run, runs) if runs else "`bootmatrix run` makes one; --out says where runs are"
        raise UserError(Problem(f"there is no run '{run}' in {out}, and no such folder", remedy=remedy))
    if not (found / RESULTS).is_file():
        remedy = "of a run that did not come to its end: `bootmatrix run --resume` resumes it"
        raise UserError(Problem(f"{found} has no {RESULTS}", remedy=f"{remedy}; possible: {', '.join(runs_in(out))}"))
    return found


def runs_in(out: Path) -> list[str]:
    """`latest` and the newest runs."""
    from bootmatrix.runs import order  # noqa: PLC0415

    found = {file.parent.name for file in out.glob(f"*/{RESULTS}")}
    latest = [order.LATEST] if order.LATEST in found else []
    return [*latest, *order.newest_first(out, found - {order.LATEST})][: NEWEST + 1]


def kept(history: History, words: str) -> History:
    """UserError where nothing is kept."""
    from bootmatrix.history.database import Nothing  # noqa: PLC0415

    if isinstance(history, Nothing):
        what = f"{words} needs a history, and --history or BOOTMATRIX_HISTORY says `none`"
        raise UserError(Problem(what, remedy="name a path or a database's URL"))
    return history


def noted(text: str) -> None:
    """Something to be known beside what was asked for."""
    click.echo(f"note: {text}", err=True)


def pen() -> Pen:
    """For texts that came from a guest: safe for a terminal, and for the log of GitHub Actions."""
    import os  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from bootmatrix.screen.pen import Pen  # noqa: PLC0415

    return Pen(Console(), github=os.environ.get("GITHUB_ACTIONS") == "true")
