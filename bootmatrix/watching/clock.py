"""Time that counts against a process: not that in which we stood still ourselves, or the place that it is in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.stillness import Stillness

STILL = 1.0  # seconds by which a look is late where we stood still, and were not merely kept waiting


class Clock:
    """`stood` is how long we, or its place, stood still so far: stopped, frozen, suspended, held up by a terminal; and
    `until` when that was last, on `clock` itself.
    """

    def __init__(self, clock: Callable[[], float], started: float) -> None:
        self._clock = clock
        self.started, self.stood, self.until = started, 0.0, -math.inf
        self._place = 0.0  # how much of it its place stood still
        self._look, self._asked = started, 0.0  # the last look, and how long we asked to wait after it

    def now(self) -> float:
        """By how much a look comes later than we asked for is not the process's doing."""
        look = self._clock()
        excess = look - self._look - self._asked
        if excess > STILL:
            self.stood += excess
            self.until = look
        self._look, self._asked = look, 0.0
        return look - self.stood

    def heed(self, stood: Stillness) -> bool:
        """How long its place stood still so far; whether that is more than was known."""
        more = stood.seconds - self._place
        if more < STILL:
            return False
        self.stood += more
        self._place = stood.seconds
        self.until = max(self.until, stood.until)
        return True

    def waiting(self, seconds: float) -> float:
        """So long nothing is looked at."""
        self._asked = seconds
        return seconds

    def passed(self) -> float:
        """Seconds since the beginning, those in which we stood still among them."""
        return self._clock() - self.started
