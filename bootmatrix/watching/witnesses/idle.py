"""A process whose console has been silent for too long."""

from __future__ import annotations

from bootmatrix.quantities import human_time
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Moment, Witness


class Idle(Witness):
    """`seconds` since the last console byte, or since the beginning. A time-out that has passed too is told instead."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def tick(self, moment: Moment) -> Stop | None:
        if moment.silent >= self.seconds and not moment.stop:
            return Stop(StopKind.IDLE, f"no console output for {human_time(self.seconds)}")
        return None

    def due(self, moment: Moment) -> float:
        return moment.now - moment.silent + self.seconds
