"""What a boot used while it ran, as the page draws it: few points, however many samples were kept."""

from __future__ import annotations

import contextlib
import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from bootmatrix import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NAME = ".usage.csv"
LARGEST = 512 << 10  # bytes of such a file
POINTS = 60  # of a curve


class Row(NamedTuple):
    """`cpu` in seconds, `memory` and `guest` in bytes; `kind` is `pss` or `rss`."""

    seconds: float
    cpu: float
    memory: int
    kind: str
    guest: int | None


def curve(folder: Path, names: Iterable[str]) -> dict[str, Any] | None:
    """`memory` in bytes and `cpu`, how many processors were busy, at points that are evenly spread over `seconds`;
    `kind` is `pss` or `rss`. None if there is no such file, or if it is not as we write it.
    """
    found = rows(folder, names)
    return _drawn(found) if found else None


def rows(folder: Path, names: Iterable[str]) -> list[Row]:
    """Those of the first such file; none if there is no such file, or if it is not as we write it."""
    try:
        return list(_rows(text(folder, names, NAME)))
    except (ValueError, ZeroDivisionError):
        return []


def text(folder: Path, names: Iterable[str], end: str) -> str:
    """Of the first file whose name ends so; empty if it cannot be read, ValueError if it is no text.

    `folder` is the run's, resolved: anybody may have written what lies there.
    """
    for name in names:
        if name.endswith(end):
            with contextlib.suppress(OSError), files.opened(f"{folder}/{name}", below=str(folder)) as opened:
                return opened.read(LARGEST).decode()
            break
    return ""


def _rows(text: str) -> Iterator[Row]:
    """ValueError if a line is none of these."""
    before = 0.0
    for line in text.splitlines()[1:]:
        seconds, cpu, memory, kind, *guest = line.split(",")  # runs of earlier versions have no `guest_bytes`
        if len(guest) > 1 or not all(each.isdecimal() or not each for each in guest):
            raise ValueError(line)
        row = Row(float(seconds), float(cpu), int(memory), kind, int(guest[0]) if guest and guest[0] else None)
        if not (before < row.seconds < math.inf and 0 <= row.cpu < math.inf and row.memory >= 0):
            raise ValueError(line)
        if kind not in {"pss", "rss"}:
            raise ValueError(line)
        before = row.seconds
        yield row


def _drawn(rows: list[Row]) -> dict[str, Any]:
    step = math.ceil(len(rows) / POINTS)
    parts = [rows[at : at + step] for at in range(0, len(rows), step)]
    ends = [(0.0, 0.0), *((part[-1].seconds, part[-1].cpu) for part in parts)]
    steps = itertools.pairwise(ends)
    busy = [(cpu - cpu_before) / (at - at_before) for (at_before, cpu_before), (at, cpu) in steps]
    return {
        "seconds": rows[-1].seconds,
        "cpu": [round(max(0.0, value), 3) for value in busy],
        "memory": [max(row.memory for row in part) for part in parts],
        "kind": "pss" if all(row.kind == "pss" for row in rows) else "rss",
    }
