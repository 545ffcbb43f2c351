"""The consoles and logs of a part, brought into the merged run: only files that a run of ours would have written.

A part's folder, `source`, is an absolute path without links.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix.runs import names
from bootmatrix.runs.store import HEAD, TAIL

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Attempt, Result

CONSOLE = re.compile(r"[0-9]{1,6}\.(console|tender)\.log")
LARGEST_CONSOLE = HEAD + TAIL + 256  # bytes: a console is kept in no more
LARGEST_LOG = 64 << 20
MOST_LOGS = 10_000


def with_consoles(result: Result, source: Path, target: Path) -> Result:
    """Link the consoles of a result from one run's folder into another's; it no longer names those that are none."""
    return replace(result, attempts=tuple(_kept(attempt, result, source, target) for attempt in result.attempts))


def _kept(attempt: Attempt, result: Result, source: Path, target: Path) -> Attempt:
    folder = f"{names.consoles(result.id)}/"
    console, tender = (
        named if named and _brought(named, folder, source, target) else ""
        for named in (attempt.console, attempt.tender)
    )
    return replace(attempt, console=console, tender=tender)


def _brought(named: str, folder: str, source: Path, target: Path) -> bool:
    """A path of another form than ours is never looked at."""
    if not named.startswith(folder) or not CONSOLE.fullmatch(named.removeprefix(folder)):
        return False
    return _link(source, named, target / named, LARGEST_CONSOLE)


def bring_logs(source: Path, target: Path) -> None:
    """Link what making images and builds printed; of two of one name, the later gets a number."""
    logs = source / "logs"
    if logs.is_symlink() or not logs.is_dir():
        return
    found = sorted(entry.name for entry in os.scandir(logs) if names.LOG.fullmatch(entry.name))
    for name in found[:MOST_LOGS]:
        file, number = target / "logs" / name, 2
        while file.exists():
            file, number = target / "logs" / f"{name.removesuffix('.log')}.{number}.log", number + 1
        _link(source, f"logs/{name}", file, LARGEST_LOG)


def _link(source: Path, relative: str, target: Path, largest: int) -> bool:
    """Whether there was a plain file, below the folder without following a link, and not too large."""
    file = source / relative
    if os.path.realpath(file) != str(file):
        return False
    if not file.is_file() or file.stat().st_size > largest:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(file)
    except FileExistsError:
        return True
    except OSError:  # another file system, or one without links
        shutil.copyfile(file, target, follow_symlinks=False)
    return True
