"""A guest that has printed the status with which it ends, and then does not power off."""

from __future__ import annotations

import math

from bootmatrix.watching import lastwords
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Moment, Witness

TOLD_WITHIN = 4096  # bytes at the console's end that hold the status line


class Status(Witness):
    """`expression` is a regular expression of the status line; it must be the last, and silence follow."""

    def __init__(self, expression: str, idle: float | None = None) -> None:
        self.expression = expression
        self.grace = min(lastwords.GRACE, idle or lastwords.GRACE)
        self._told, self._looked_at = False, 0  # the console's length when its end was last looked at

    def tick(self, moment: Moment) -> Stop | None:
        if moment.silent >= self.grace and self._is_told(moment):
            return Stop(StopKind.STATUS_TOLD, "the guest printed its status but did not power off")
        return None

    def due(self, moment: Moment) -> float:
        if self._looked_at == moment.console.total:
            return math.inf
        return moment.now - moment.silent + self.grace

    def _is_told(self, moment: Moment) -> bool:
        if self._looked_at != moment.console.total:
            self._looked_at = moment.console.total
            self._told = lastwords.is_status(self.expression, moment.console.end(TOLD_WITHIN))
        return self._told
