"""A process that has not ended after its time-out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix.quantities import human_time
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.place import Process


class Timeout(Witness):
    """`seconds` from the process's beginning, unless it `waits`."""

    def __init__(self, seconds: float, waits: Callable[[], bool]) -> None:
        self.seconds, self._waits = seconds, waits
        self._end = 0.0

    def began(self, process: Process, now: float) -> None:
        del process
        self._end = now + self.seconds

    def tick(self, moment: Moment) -> Stop | None:
        if moment.now >= self._end and not self._waits():
            return Stop(StopKind.TIMEOUT, f"no end within {human_time(self.seconds)}")
        return None

    def due(self, moment: Moment) -> float:
        del moment
        return math.inf if self._waits() else self._end
