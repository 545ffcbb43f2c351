"""What was sampled of a soak, as the page draws it: each thing that has a bound, at a few hundred points."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Any

from . import usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.model import Attempt, Growth

    Points = Sequence[tuple[float, float]]

SERIES = ".series.csv"
POINTS = 300  # of a curve, at most
MOST = 8  # curves of a boot
MEMORY = "memory"


def curves(folder: Path, attempt: Attempt) -> list[dict[str, Any]]:
    """For each growth of the boot, in its order: `at` in seconds and `values`; both are empty where its files do not
    tell. `folder` is the run's, resolved.
    """
    return [_curve(folder, attempt, growth) for growth in attempt.growth[:MOST]]


def _curve(folder: Path, attempt: Attempt, growth: Growth) -> dict[str, Any]:
    try:
        points = list(_points(folder, attempt, growth))
    except (ValueError, csv.Error):
        points = []
    shown = _thinned(points)
    return {"at": [round(at, 3) for at, _ in shown], "values": [value for _, value in shown]}


def _points(folder: Path, attempt: Attempt, growth: Growth) -> Iterator[tuple[float, float]]:
    """ValueError if a file is not as we write it."""
    if growth.name == MEMORY:
        for row in usage.rows(folder, attempt.files):
            if growth.of == "guest" and row.guest is not None:
                yield row.seconds, row.guest
            elif growth.of == row.kind:
                yield row.seconds, row.memory
        return
    lines = csv.reader(usage.text(folder, attempt.files, SERIES).splitlines()[1:])
    for seconds, name, value in lines:
        point = float(seconds), float(value)
        if not all(map(math.isfinite, point)):
            raise ValueError(value)
        if name == growth.name:
            yield point


def _thinned(points: Points) -> Points:
    """Of each of as many stretches as there is room for, the least and the greatest: no tooth of a saw is lost."""
    if len(points) <= POINTS:
        return points
    step = math.ceil(2 * len(points) / POINTS)
    parts = [points[at : at + step] for at in range(0, len(points), step)]
    return [point for part in parts for point in sorted({min(part, key=_value), max(part, key=_value)})]


def _value(point: tuple[float, float]) -> float:
    return point[1]
