"""Copies consoles from one run into another: only files that a run of ours would have written."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix import files
from bootmatrix.counting.tables import TABLE
from bootmatrix.runs import names
from bootmatrix.runs.store import DISK, HEAD, TAIL

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Attempt, Result

OF = r"[0-9]{1,6}\.(?:[A-Za-z][A-Za-z0-9_-]{0,31}\.)?"  # an attempt's number, and a guest's name
CONSOLE = re.compile(OF + r"(console|tender)\.log")
OTHER = re.compile(OF + r"[a-z]{1,20}\.(csv|log|pcapng|txt)")
TABLES = re.compile(OF + r"(functions|coverage)\.csv")
DISKS = re.compile(OF + r"disk\.[A-Za-z0-9]{1,70}\.img")
LARGEST = HEAD + TAIL + 256  # bytes: no other file of an attempt is kept in more
FORMS = ((TABLES, TABLE), (OTHER, LARGEST), (DISKS, DISK))  # of other files, and how large each may be


def with_consoles(result: Result, source: Path, target: Path) -> Result:
    """Bring the consoles of a result from one run's folder into another's; it no longer names those that are none.

    OSError if the target cannot be written.
    """
    return replace(result, attempts=tuple(_kept(attempt, result.id, source, target) for attempt in result.attempts))


def _kept(attempt: Attempt, test: str, source: Path, target: Path) -> Attempt:
    folder = f"{names.consoles(test)}/"
    console, tender = (
        named if named and _brought(named, folder, CONSOLE, source, target) else ""
        for named in (attempt.console, attempt.tender)
    )
    others = tuple(
        named
        for named in attempt.files
        if any(_brought(named, folder, form, source, target, largest) for form, largest in FORMS)
    )
    guests = {name: _kept(each, test, source, target) for name, each in attempt.guests.items()}
    return replace(attempt, console=console, tender=tender, files=others, guests=guests)


def _brought(
    named: str, folder: str, form: re.Pattern[str], source: Path, target: Path, largest: int = LARGEST
) -> bool:
    """A path of another form than ours is never looked at."""
    if not named.startswith(folder) or not form.fullmatch(named.removeprefix(folder)):
        return False
    return files.brought(source, named, target, largest)
