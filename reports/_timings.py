"""What took longest, as Markdown: boots, and the images and builds that were made."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING

from bootmatrix.markdown import cell, header, row
from bootmatrix.quantities import human_time
from bootmatrix.runs import journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bootmatrix.markdown import Paper
    from bootmatrix.model import Run

MOST = 10


def put(run: Run, folder: Path, paper: Paper) -> None:
    tests = ((result.seconds, result.id) for result in run.results if result.attempts and not result.reused)
    _put_table(paper, "Slowest tests", tests)
    _put_table(paper, "Images and builds", _made(folder))


def _put_table(paper: Paper, title: str, told: Iterable[tuple[float, str]]) -> None:
    slowest = heapq.nlargest(MOST, told, key=lambda each: each[0])
    if slowest:
        paper.put(f"\n### {title}\n\n{header(['what', 'time'], 1)}")
        paper.offer(row([cell(name), human_time(seconds)]) for seconds, name in slowest)


def _made(folder: Path) -> Iterator[tuple[float, str]]:
    """Seconds and names, as the journal has them; none where there is no journal."""
    try:
        for entry in journal.read(folder):
            kind = str(entry.event.get("event")).removesuffix(" finished")
            if kind in {"image", "build"} and math.isfinite(seconds := float(entry.event["seconds"])):
                yield seconds, f"{kind} {entry.event[kind]}"
    except (OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError):  # it may hold anything
        return
