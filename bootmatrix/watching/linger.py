"""Time in which a guest may still end by itself once all is said: its last answer may be its last deed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.strain import HARDLY
from bootmatrix.quantities import human_time

if TYPE_CHECKING:
    from bootmatrix.places.place import Process
    from bootmatrix.places.strain import Strain

ENOUGH = 0.05  # seconds, in which nothing keeps it from a processor
LOOK = 0.005  # seconds between looks after that
SLACK = 1e-6  # seconds: how differences of them are rounded
LONGEST = 5.0  # seconds until it is given up: it hardly ran, or is gone and its place does not say how


class Linger:
    """Since `now`. What it does comes later on a busy host, and so does the word of its end. All time counts without a
    `process`: where an answer was late, what it does then says nothing more.
    """

    def __init__(self, process: Process | None, cpus: int, now: float) -> None:
        self._process, self._cpus, self._begun = process, cpus, now
        self._had = self._before = process.strain() if process else None

    def rest(self, now: float) -> float:
        """Seconds to wait until it is asked again; 0 if it is over. Raises InfrastructureError."""
        wall = now - self._begun
        if ENOUGH - wall > SLACK:
            return ENOUGH - wall
        if not self._process or not self._had or self._is_over(self._process, self._had, wall):
            return 0.0
        if wall > LONGEST:
            what = f"others kept the guest from a processor for {human_time(wall)} after all was asked of it"
            raise InfrastructureError(what)
        return LOOK

    def _is_over(self, process: Process, had: Strain, wall: float) -> bool:
        """A thread that waits for a processor now has nothing of that counted yet: it is looked at again. Of a process
        that is gone there is no strain, and its end is to come.
        """
        before, after = self._before, process.strain()
        self._before = after
        if not after or (after.ready and (not before or before is had or before.ready & after.ready)):
            return False
        return wall * after.since(had).free(wall, self._cpus) >= ENOUGH * (1 - HARDLY)
