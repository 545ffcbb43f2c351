"""A process whose console has been silent for too long."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix.quantities import human_time
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Ending, Findings, Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.place import Process
    from bootmatrix.places.strain import Strain

LOOKED = 1 / 4  # of its time, after which it is asked what a silent process had of the processors so far


class Idle(Witness):
    """`seconds` since the last console byte, or since the beginning. A time-out that has passed too is told instead;
    none is while it `waits`. Whether it was starved is seen in its silence: it may have lived for long before.
    """

    def __init__(self, seconds: float, waits: Callable[[], bool]) -> None:
        self.seconds, self._waits = seconds, waits
        self._process: Process | None = None
        self._had: Strain | None = None
        self._looked_at = -1  # the console's length then
        self._at = self._now = 0.0

    def began(self, process: Process, now: float) -> None:
        del now
        self._process = process

    def tick(self, moment: Moment) -> Stop | None:
        self._now = moment.now
        if self._process and self._looked_at != moment.console.total and moment.silent >= self.seconds * LOOKED:
            self._looked_at, self._at, self._had = moment.console.total, moment.now, self._process.strain()
        if moment.silent >= self.seconds and not moment.stop and not self._waits():
            return Stop(StopKind.IDLE, f"no console output for {human_time(self.seconds)}")
        return None

    def due(self, moment: Moment) -> float:
        return math.inf if self._waits() else moment.now - moment.silent + self.seconds

    def ended(self, ending: Ending) -> Findings:
        has = self._process.strain() if self._process and ending.stop and ending.stop.kind == StopKind.IDLE else None
        if not has or not self._had or self._now <= self._at:
            return Findings()
        return Findings(strain=has.since(self._had), strained=self._now - self._at)
