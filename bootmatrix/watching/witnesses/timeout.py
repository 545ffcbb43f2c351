"""A process that has not ended after its time-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.quantities import human_time
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Moment, Witness

if TYPE_CHECKING:
    from bootmatrix.places.place import Process


class Timeout(Witness):
    """`seconds` from the process's beginning."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = 0.0

    def began(self, process: Process, now: float) -> None:
        del process
        self._end = now + self.seconds

    def tick(self, moment: Moment) -> Stop | None:
        if moment.now >= self._end:
            return Stop(StopKind.TIMEOUT, f"no end within {human_time(self.seconds)}")
        return None

    def due(self, moment: Moment) -> float:
        del moment
        return self._end
