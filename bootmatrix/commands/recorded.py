"""What the commands that look back take: a run, the history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.history.database import History
    from bootmatrix.screen.pen import Pen

F = TypeVar("F", bound="Callable[..., Any]")


def history_option(function: F) -> F:
    text = "Where results are kept: a path (SQLite), a database's URL, or `none`; without it, below .bootmatrix/."
    return click.option("--history", default="", metavar="URL", help=text)(function)


def root_of(directory: Path | None, file: Path) -> Path:
    """The project's folder: that of the matrix, which need not be read."""
    return ((directory or Path()) / file).parent


def folder_of(run: str, out: Path) -> Path:
    """Of a run that is named by its folder, its id, or as `latest`."""
    return out / run if (out / run).is_dir() or "/" not in run else Path(run)


def kept(history: History, words: str) -> History:
    """UserError where nothing is kept."""
    from bootmatrix.errors import Problem, UserError  # noqa: PLC0415
    from bootmatrix.history.database import Nothing  # noqa: PLC0415

    if isinstance(history, Nothing):
        what = f"{words} needs a history, and --history or BOOTMATRIX_HISTORY says `none`"
        raise UserError(Problem(what, remedy="name a path or a database's URL"))
    return history


def pen() -> Pen:
    """For texts that came from a guest: safe for a terminal, and for the log of GitHub Actions."""
    import os  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from bootmatrix.screen.pen import Pen  # noqa: PLC0415

    return Pen(Console(), github=os.environ.get("GITHUB_ACTIONS") == "true")
