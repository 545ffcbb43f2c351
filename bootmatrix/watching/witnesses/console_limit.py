"""A process that prints more than it may."""

from __future__ import annotations

from bootmatrix.quantities import human_size
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Moment, Witness


class ConsoleLimit(Witness):
    """`size` in bytes."""

    def __init__(self, size: int) -> None:
        self.size = size

    def tick(self, moment: Moment) -> Stop | None:
        if moment.console.total > self.size:
            return Stop(StopKind.CONSOLE_LIMIT, f"the console is longer than {human_size(self.size)}")
        return None
