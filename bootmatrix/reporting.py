"""From results to reports: each by its plug-in, and again at any time, since it is a function of what is on disk."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Any

from bootmatrix import plugins, results
from bootmatrix.errors import BootmatrixError, Problem, UserError
from bootmatrix.history import NO_HISTORY
from bootmatrix.runs import journal

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bootmatrix.model import Run

    Options = Mapping[str, Mapping[str, Any]]


def tell(
    run: Run, folder: Path, root: Path, options: Options, history: str, note: Callable[[str], None]
) -> Iterator[Path]:
    """Write results.json, then all that is made of it; the reports' files. What history refuses is only noted."""
    results.write(run, folder / "results.json")
    _remember(run, folder, root, history, note)
    yield from write(run, folder, root, options)


def _remember(run: Run, folder: Path, root: Path, history: str, note: Callable[[str], None]) -> None:
    if (history or os.environ.get("BOOTMATRIX_HISTORY")) == NO_HISTORY:
        return
    from bootmatrix.history import database, told, trends  # noqa: PLC0415  # SQLAlchemy takes 0.2 s

    try:
        with database.opened(root, history) as past:
            past.record(run)
            told.write(trends.trends_of(past, run), folder)
    except BootmatrixError as error:
        note(f"this run is not in the history: {error}")


def write(run: Run, folder: Path, root: Path, options: Options) -> Iterator[Path]:
    """The file of each report of the project in `root`, as soon as it is written; `options` are each format's.

    Raises UserError in the end if one could not be made, after all others; OSError where the disk takes no more.
    """
    broken: list[Problem] = []
    for name in plugins.names("reports", root):
        try:
            report = plugins.make_report(name, options.get(name, {}), root)
            target = folder / report.filename
            report.write(run, folder, target)
        except UserError as error:
            broken += error.problems
        except Exception as error:  # a plug-in may raise anything; the other reports are still wanted
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise
            what = f"the report '{name}' cannot be made: {type(error).__name__}: {error}"
            broken.append(Problem(what, remedy=f"raised at {plugins.raised_at(error)}"))
        else:
            yield target
    if broken:
        raise UserError(*broken)


def options_of(folder: Path) -> Options:
    """Those with which the reports of the run in `folder` were written first, as its journal tells, if it is there."""
    with contextlib.suppress(OSError):
        for entry in journal.read(folder):
            if entry.event["event"] == "run started":
                found = entry.event.get("reports")
                return (
                    {name: each for name, each in found.items() if isinstance(each, dict)}
                    if isinstance(found, dict)
                    else {}
                )
    return {}
