"""A process whose console has been silent for too long."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix.quantities import human_time
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Callable


class Idle(Witness):
    """`seconds` since the last console byte, or since the beginning. A time-out that has passed too is told instead;
    none is while it `waits`.
    """

    def __init__(self, seconds: float, waits: Callable[[], bool]) -> None:
        self.seconds, self._waits = seconds, waits

    def tick(self, moment: Moment) -> Stop | None:
        if moment.silent >= self.seconds and not moment.stop and not self._waits():
            return Stop(StopKind.IDLE, f"no console output for {human_time(self.seconds)}")
        return None

    def due(self, moment: Moment) -> float:
        return math.inf if self._waits() else moment.now - moment.silent + self.seconds
