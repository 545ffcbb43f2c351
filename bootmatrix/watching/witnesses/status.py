"""A guest that has printed the status with which it ends, and then does not power off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix.watching import lastwords
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.unhindered import SOON, Unhindered
from bootmatrix.watching.witness import Moment, Witness

if TYPE_CHECKING:
    from bootmatrix.places.place import Process

TOLD_WITHIN = 4096  # bytes at the console's end that hold the status line


class Status(Witness):
    """`expression` is a regular expression of the status line; it must be the last, and silence follow in which nothing
    keeps the guest, which can use so many `cpus`, from a processor.
    """

    def __init__(self, expression: str, idle: float | None = None, cpus: int = 1) -> None:
        self.expression = expression
        self.grace = min(lastwords.GRACE, idle or lastwords.GRACE)
        self._told, self._looked_at = False, 0  # the console's length when its end was last looked at
        self._free = Unhindered(cpus)

    def began(self, process: Process, now: float) -> None:
        del now
        self._free.began(process)

    def tick(self, moment: Moment) -> Stop | None:
        told = moment.silent >= self.grace * SOON and self._is_told(moment)
        if told and self._free.reached(moment.now, self.grace, late=bool(moment.stop)):
            return Stop(StopKind.STATUS_TOLD, "the guest printed its status but did not power off")
        return None

    def due(self, moment: Moment) -> float:
        over = moment.silent >= self.grace or (self._looked_at == moment.console.total and not self._told)
        return math.inf if over else moment.now - moment.silent + self.grace

    def _is_told(self, moment: Moment) -> bool:
        if self._looked_at != moment.console.total:
            self._looked_at = moment.console.total
            self._told = lastwords.is_status(self.expression, moment.console.end(TOLD_WITHIN))
            if self._told:
                self._free.begin(moment.now, moment.silent)
        return self._told
