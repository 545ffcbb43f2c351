"""Measures whether a job was starved: the processor time that it got, and what it could have used."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix.places import quota

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
NANOSECONDS = 1e9
READY, GONE = "R", "X"  # states of a thread in /proc/PID/stat
ENDED = {"Z", GONE}  # one that is not yet collected, too
STARVED = 1 / 2  # of what a job could have had: with less it was starved
HARDLY = 1 / 10  # of its time: a job that lost less of it by waiting missed no deadline for that


@dataclass(frozen=True)
class Strain:
    """Seconds on a processor, and seconds waiting for one, of all threads together; `processors` is how many at once
    its affinity and its control groups let it have. `ready` are the threads that run or wait now, each with its
    seconds on a processor: one that is the same at the next look has waited since, and that is not yet in `waited`.
    """

    cpu: float
    waited: float
    processors: float = math.inf
    ready: frozenset[tuple[str, float]] = frozenset()

    def since(self, before: Strain) -> Strain:
        """What came after that; a thread that has ended since has no part in it."""
        return replace(self, cpu=max(0.0, self.cpu - before.cpu), waited=max(0.0, self.waited - before.waited))

    def allowed(self, wall: float, cpus: int) -> float:
        """Seconds of processor time that it would have had in so many seconds, had nobody else wanted any: what it
        asked for, but never more than its test declares (`cpus`) and its host gives.

        Its own threads may well wait for each other: only what all of them had says whether others kept it waiting.
        """
        return min(self.cpu + self.waited, cpus * wall, self.processors * wall)

    def share(self, wall: float, cpus: int) -> float:
        """Which part of that it had, from 0 to 1; 1 of a job that hardly asked for any, as an idle guest."""
        allowed = self.allowed(wall, cpus)
        if allowed - self.cpu <= HARDLY * wall:
            return 1.0
        return self.cpu / allowed

    def free(self, wall: float, cpus: int) -> float:
        """In which part of the time nothing kept it from a processor, from 0 to 1: it ran, or wanted none.

        Of a job that is always ready that is its share; of one that was delayed when it began, and then hung idle, 1.
        """
        at_once = min(cpus, self.processors, max(1.0, (self.cpu + self.waited) / wall))
        return 1.0 - max(0.0, self.allowed(wall, cpus) - self.cpu) / (at_once * wall)


def of(root: int, *, without_root: bool = False) -> Strain | None:
    """The strain of a process and its descendants, None where this kernel does not tell.

    Source: Linux, Documentation/scheduler/sched-stats.rst: /proc/PID/schedstat has the nanoseconds on a processor and
    those on a run queue.
    """
    threads = [(str(each), *_thread(each)) for each in _threads(root, without_root=without_root)]
    known = [each for each in threads if each[1] not in ENDED]
    if not known:
        return None
    ready = frozenset((name, cpu) for name, state, cpu, _ in known if state == READY)
    return Strain(sum(each[2] for each in known), sum(each[3] for each in known), quota.processors(root), ready)


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


def _thread(folder: Path) -> tuple[str, float, float]:
    """Its state, and seconds; as one that has ended where nothing is told of it."""
    try:
        cpu, waited, _ = (folder / "schedstat").read_text().split()
        state = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        return state, int(cpu) / NANOSECONDS, int(waited) / NANOSECONDS
    except (OSError, ValueError, IndexError):
        return GONE, 0.0, 0.0
