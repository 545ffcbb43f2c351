"""Whether a job was starved: the processor time that it had, and the time that it was ready to run and did not."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
NANOSECONDS = 1e9
OF_WALL = 1 / 3  # a job that waited for so much of its time, and longer than it ran, was starved


@dataclass(frozen=True)
class Strain:
    """Seconds on a processor, and seconds waiting for one, of all threads together."""

    cpu: float
    waited: float

    def starved(self, wall: float) -> bool:
        """Whether its neighbours kept it from running, in so many seconds: it had less than half of the processor
        time that it asked for. An idle guest asks for none, and a busy one that has its processor hardly waits.
        """
        return self.waited >= wall * OF_WALL and self.waited > self.cpu


def of(root: int, *, without_root: bool = False) -> Strain | None:
    """The strain of a process and its descendants, None where this kernel does not tell.

    Source: Linux, Documentation/scheduler/sched-stats.rst: /proc/PID/schedstat has the nanoseconds on a processor and
    those on a run queue.
    """
    found = [_thread(thread) for thread in _threads(root, without_root=without_root)]
    known = [pair for pair in found if pair]
    return Strain(sum(cpu for cpu, _ in known), sum(waited for _, waited in known)) if known else None


def _threads(root: int, *, without_root: bool) -> Iterator[Path]:
    waiting, seen = [root], {root}
    while waiting:
        process = waiting.pop()
        with contextlib.suppress(OSError):
            for thread in (PROC / str(process) / "task").iterdir():
                if not (without_root and process == root):
                    yield thread
                children = {int(word) for word in (thread / "children").read_text().split()} - seen
                seen |= children
                waiting += children


def _thread(folder: Path) -> tuple[float, float] | None:
    try:
        cpu, waited, _ = (folder / "schedstat").read_text().split()
    except (OSError, ValueError):
        return None
    return int(cpu) / NANOSECONDS, int(waited) / NANOSECONDS
