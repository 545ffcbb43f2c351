"""Time in which nothing kept a process from a processor: on a busy host what it does next comes later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.places.strain import HARDLY

if TYPE_CHECKING:
    from bootmatrix.places.place import Process
    from bootmatrix.places.strain import Strain

SOON = 1 / 10  # of a time, after which it is begun to count at the latest: what was before is not known
ENOUGH = 1 / 4  # of it, where the boot is ended anyway
SLACK = 1e-6  # seconds: how sums of them are rounded


class Unhindered:
    """Counts it from `begin` on. The process can use so many `cpus`; where its place cannot tell, all time counts."""

    def __init__(self, cpus: int) -> None:
        self._cpus = cpus
        self._process: Process | None = None
        self._had: Strain | None = None
        self._first: Strain | None = None
        self._looked: Strain | None = None
        self._begun = self._at = self._seconds = 0.0

    def began(self, process: Process) -> None:
        self._process = process

    def begin(self, now: float, before: float = 0.0) -> None:
        """`before` seconds that have passed already count."""
        self._begun, self._at, self._seconds, self._had = now - before, now, before, self._strain()
        self._first = self._looked = self._had

    def reached(self, now: float, seconds: float, *, late: bool = False) -> bool:
        """Whether so many seconds have passed, nearly all such; a part must do where it is too `late` for more."""
        wanted = seconds * (ENOUGH if late else 1 - HARDLY)
        if now - self._begun < seconds - SLACK or self._seconds + now - self._at < wanted:
            return False  # and the kernel need not be asked
        self._count(now)
        return self._seconds >= wanted

    def _count(self, now: float) -> None:
        """Nothing yet while a thread still waits since the last look: the kernel counts a wait when it is over."""
        wall, before, after = now - self._at, self._had, self._strain()
        looked, self._looked = self._looked, after
        waits = looked and after and looked.ready & after.ready
        if wall > 0 and not waits:
            self._at, self._had = now, after
            self._seconds += self._free(wall, before, after)
            self._seconds = min(self._seconds, self._free(now - self._begun, self._first, after))  # waits end later

    def _free(self, wall: float, before: Strain | None, after: Strain | None) -> float:
        return wall * (after.since(before).free(wall, self._cpus) if before and after else 1.0)

    def _strain(self) -> Strain | None:
        return self._process.strain() if self._process else None
