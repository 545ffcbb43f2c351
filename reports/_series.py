"""What was sampled of a boot while it ran, from the files of its attempt.

`….usage.csv` has a column for each thing that the host measured, `….series.csv` and `….monitoring.csv` have lines of
`seconds,name,value` that the guest told. Anybody may have written them: what is no number is left out.
"""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from bootmatrix import files

from . import _tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from bootmatrix.model import Attempt, Result, Run

WIDE, LONG = (".usage.csv",), (".series.csv", ".monitoring.csv")
LARGEST = 8 << 20  # bytes of such a file that are read
NAMES = 1024  # series of an attempt
LATEST = 10**9  # seconds of a boot

Points = list[tuple[int, float]]


def of(folder: Path, run: Run, result: Result) -> Iterator[tuple[str, Points]]:
    """The series of a test's last attempt, of each of its guests with the guest's name before it: microseconds since
    1970, later at each, and the value. `folder` is the run's, resolved.
    """
    if not result.attempts or result.reused:
        return
    last = result.attempts[-1]
    for before, attempt in (("", last), *((f"{name}.", each) for name, each in last.guests.items())):
        began = _began(attempt, result, run)
        if attempt.files and began is not None:
            for name, points in sampled(folder, attempt.files).items():
                yield _tags.text(f"{before}{name}"), [(began + at, value) for at, value in points]


def _began(attempt: Attempt, result: Result, run: Run) -> int | None:
    return _tags.microseconds(attempt.started, result.started, run.started)


def sampled(folder: Path, names: Iterable[str]) -> Mapping[str, Points]:
    """What the files hold, by the name of the series: microseconds since the attempt's beginning, and the value."""
    found: dict[str, Points] = {}
    for name in names:
        if name.endswith((*WIDE, *LONG)):
            rows = _wide if name.endswith(WIDE) else _long
            for seconds, series, value in rows(_lines(folder, name)):
                _add(found, seconds, series, value)
    return {name: points for name, points in found.items() if points}


def _add(found: dict[str, Points], seconds: str, series: str, value: str) -> None:
    try:
        at, number = float(seconds), float(value)
    except ValueError:
        return
    if not (series and 0 <= at <= LATEST and math.isfinite(number)) or (series not in found and len(found) >= NAMES):
        return
    points, microseconds = found.setdefault(series, []), round(1e6 * at)
    if not points or points[-1][0] < microseconds:
        points.append((microseconds, number))


def _lines(folder: Path, name: str) -> Iterator[list[str]]:
    try:
        with files.opened(f"{folder}/{name}", below=str(folder)) as opened:
            text = opened.read(LARGEST).decode("utf-8", "replace")
    except (OSError, ValueError):
        return
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error:
        return


def _wide(rows: Iterator[list[str]]) -> Iterator[tuple[str, str, str]]:
    header = next(rows, [])
    for row in rows:
        for column, value in zip(header[1:], row[1:], strict=False):
            yield row[0], column, value


def _long(rows: Iterator[list[str]]) -> Iterator[tuple[str, str, str]]:
    next(rows, None)
    return ((row[0], row[1], row[2]) for row in rows if len(row) == 3)  # noqa: PLR2004  # seconds, name, value
