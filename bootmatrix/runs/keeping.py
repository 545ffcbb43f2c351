"""The consoles of one run, brought into another: only files that a run of ours would have written."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix import files
from bootmatrix.runs import names
from bootmatrix.runs.store import HEAD, TAIL

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Attempt, Result

CONSOLE = re.compile(r"[0-9]{1,6}\.(console|tender)\.log")
LARGEST = HEAD + TAIL + 256  # bytes: a console is kept in no more


def with_consoles(result: Result, source: Path, target: Path) -> Result:
    """Bring the consoles of a result from one run's folder into another's; it no longer names those that are none.

    OSError if the target cannot be written.
    """
    return replace(result, attempts=tuple(_kept(attempt, result.id, source, target) for attempt in result.attempts))


def _kept(attempt: Attempt, test: str, source: Path, target: Path) -> Attempt:
    console, tender = (
        named if named and _brought(named, f"{names.consoles(test)}/", source, target) else ""
        for named in (attempt.console, attempt.tender)
    )
    return replace(attempt, console=console, tender=tender)


def _brought(named: str, folder: str, source: Path, target: Path) -> bool:
    """A path of another form than ours is never looked at."""
    if not named.startswith(folder) or not CONSOLE.fullmatch(named.removeprefix(folder)):
        return False
    return files.brought(source, named, target, LARGEST)
