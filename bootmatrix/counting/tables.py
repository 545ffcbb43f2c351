"""The tables of a unikernel's functions that are kept beside its consoles. What they say is data, whoever wrote it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from bootmatrix import files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bootmatrix.model import Result

FUNCTIONS, COVERAGE = "functions.csv", "coverage.csv"
COUNTED = ("function", "file", "instructions")
COVERED = ("function", "file", "line", "executed")
TABLE = 2 << 20  # bytes of one that are kept
LONGEST = 400  # characters of a text in it


def written(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """In so many bytes as are kept of one; of more rows the last says how many."""
    lines, size = [_line(head)], 0
    for row in rows:
        line = _line(row)
        size += len(line)
        if size > TABLE - 4096:
            lines.append(_line((f"({len(rows) - len(lines) + 1} more)", *[""] * (len(head) - 1))))
            break
        lines.append(line)
    return b"".join(lines)


def _line(row: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().encode("utf-8", "replace")


def read(result: Result, name: str, folder: Path) -> list[tuple[str, str, list[int]]]:
    """Function, file and numbers of each row of a result's last attempt; nothing where there is no such table in the
    run's folder, or a damaged one.
    """
    named = [each for each in result.attempts[-1].files if each.endswith(f".{name}")] if result.attempts else []
    if not named:
        return []
    head = COUNTED if name == FUNCTIONS else COVERED
    try:
        text = files.read(folder / named[0], TABLE, below=folder).decode("utf-8", "replace")
        return [_read(row, head) for row in csv.DictReader(io.StringIO(text)) if row[head[-1]]]
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return []


def _read(row: Mapping[str, str], head: Sequence[str]) -> tuple[str, str, list[int]]:
    function, file, *numbers = (row[key] for key in head)
    return function[:LONGEST], file[:LONGEST], [int(number) for number in numbers]
