"""From results to reports: each by its plug-in, and again at any time, since it is a function of what is on disk."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bootmatrix import files, plugins, results
from bootmatrix.errors import BootmatrixError, Problem, UserError
from bootmatrix.history import NO_HISTORY
from bootmatrix.runs import journal

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
LATER = "`bootmatrix nightly` records it"

Options = Mapping[str, Mapping[str, Any]]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bootmatrix.model import Report, Run


def tell(
    run: Run, folder: Path, root: Path, options: Options, history: str, note: Callable[[str], None]
) -> Iterator[Path]:
    """Write results.json, then all that is made of it, then the history; the reports' files.

    Whatever becomes of the history, the reports are there by then: what it refuses is only noted. Raises as `write`.
    """
    results.write(run, folder / "results.json")
    broken: list[Problem] = []
    yield from _each(run, folder, root, options, broken)
    if _remember(run, folder, root, history, note):
        for _ in _each(run, folder, root, options, broken, "trends"):
            pass  # told already
    if broken:
        raise UserError(*dict.fromkeys(broken))


def _remember(run: Run, folder: Path, root: Path, history: str, note: Callable[[str], None]) -> bool:
    """Record the run, and lay beside its results what history says of it; whether that is there now.

    It may be a stranger's file, or a server's: nothing that is raised there, nor Ctrl-C, costs the run its end.
    """
    if (history or os.environ.get("BOOTMATRIX_HISTORY")) == NO_HISTORY:
        return False
    try:
        from bootmatrix.history import database, findings, trends  # noqa: PLC0415  # SQLAlchemy takes 0.2 s

        with database.opened(root, history, len(run.results), note) as past:
            past.record(run)
            findings.write(trends.trends_of(past, run), folder)
    except BootmatrixError as error:
        why = str(error)
    except KeyboardInterrupt:
        why = f"interrupted; {LATER}"
    except OSError as error:
        why = f"{error.filename} cannot be written: {error.strerror}; {LATER}"
    except Exception as error:  # noqa: BLE001  # the run itself is whole
        why = f"{type(error).__name__}: {error}, raised at {plugins.raised_at(error)}; {LATER}"
    else:
        return True
    note(f"this run was not recorded in the history: {why}")
    return False


def write(run: Run, folder: Path, root: Path, options: Options) -> Iterator[Path]:
    """The file of each report of the project in `root`, as soon as it is written; `options` are each format's.

    Raises UserError in the end if one could not be made, after all others; OSError where the disk takes no more.
    """
    broken: list[Problem] = []
    yield from _each(run, folder, root, options, broken)
    if broken:
        raise UserError(*broken)


def _each(
    run: Run, folder: Path, root: Path, options: Options, broken: list[Problem], showing: str = ""
) -> Iterator[Path]:
    """Write all reports, or those that show this of history; what could not be made is in `broken` then."""
    for name in plugins.names("reports", root):
        try:
            report = plugins.make_report(name, options.get(name, {}), root)
            if showing and showing not in report.shows:
                continue
            target = place(report, folder)
            report.write(run, folder, target)
        except UserError as error:
            broken += error.problems
        except Exception as error:  # a plug-in may raise anything; the other reports are still wanted
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise
            broken.append(trouble(name, error))
        else:
            yield target


def place(report: Report, folder: Path) -> Path:
    """Where a report goes in the run's folder: no link or pipe is there, which one may not expect that opens it."""
    target = folder / report.filename
    ours = files.is_plain(target) and target.stat().st_nlink == 1
    if not ours and (target.is_symlink() or not target.is_dir()):
        target.unlink(missing_ok=True)
    return target


def trouble(name: str, error: Exception) -> Problem:
    """What to say of a report that raised this."""
    what = f"the report '{name}' cannot be made: {type(error).__name__}: {error}"
    return Problem(what, remedy=f"raised at {plugins.raised_at(error)}")


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
