"""What a boot used while it ran, as the page draws it: few points, however many samples were kept."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from bootmatrix import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NAME = ".usage.csv"
LARGEST = 128 << 10  # bytes of such a file
POINTS = 60  # of a curve


def curve(folder: Path, names: Iterable[str]) -> dict[str, Any] | None:
    """`memory` in bytes and `cpu`, how many processors were busy, at points that are evenly spread over `seconds`;
    `kind` is `pss` or `rss`. None if there is no such file, or if it is not as we write it.

    `folder` is the run's, resolved: anybody may have written what lies there.
    """
    for name in names:
        if name.endswith(NAME):
            try:
                with files.opened(f"{folder}/{name}", below=str(folder)) as opened:
                    rows = list(_rows(opened.read(LARGEST).decode("ascii")))
            except (OSError, ValueError, ZeroDivisionError):
                return None
            return _drawn(rows) if rows else None
    return None


def _rows(text: str) -> Iterator[tuple[float, float, int, str]]:
    """Seconds, seconds of processor time, bytes, kind; ValueError if a line is none of these."""
    before = 0.0
    for line in text.splitlines()[1:]:
        seconds, cpu, memory, kind = line.split(",")
        row = float(seconds), float(cpu), int(memory), kind
        if not (before < row[0] < math.inf and 0 <= row[1] < math.inf and row[2] >= 0 and kind in {"pss", "rss"}):
            raise ValueError(line)
        before = row[0]
        yield row


def _drawn(rows: list[tuple[float, float, int, str]]) -> dict[str, Any]:
    step = math.ceil(len(rows) / POINTS)
    parts = [rows[at : at + step] for at in range(0, len(rows), step)]
    ends = [(0.0, 0.0), *((part[-1][0], part[-1][1]) for part in parts)]
    steps = itertools.pairwise(ends)
    busy = [(cpu - cpu_before) / (at - at_before) for (at_before, cpu_before), (at, cpu) in steps]
    return {
        "seconds": rows[-1][0],
        "cpu": [round(max(0.0, value), 3) for value in busy],
        "memory": [max(row[2] for row in part) for part in parts],
        "kind": "pss" if all(row[3] == "pss" for row in rows) else "rss",
    }
