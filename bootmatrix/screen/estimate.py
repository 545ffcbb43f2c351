"""The time that is left, in words that do not jump: smoothed, rounded coarsely, and honest where nothing is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix.screen.words import HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 90  # up to which they are not told as minutes
STEPS = ((SECONDS, 10), (600, MINUTE), (HOUR, 5 * MINUTE), (6 * HOUR, 30 * MINUTE), (math.inf, HOUR))
"""Up to so many seconds, it is rounded to so many."""
SETTLED = 0.75  # of a step: by less than that what is shown does not change
PERIOD = 1.0  # seconds between two questions
MEMORY = 10.0  # seconds in which a new answer mostly replaces the older ones
SOON = 10.0  # seconds that are told as a few
LATE = 20.0  # seconds of a few seconds left, after which they were more


class Estimate:
    """`left` tells the seconds that the rest will take, or None; `ask` asks once a second at most."""

    def __init__(self, left: Callable[[], float | None], clock: Callable[[], float]) -> None:
        self._left, self._clock = left, clock
        self._asked = -math.inf
        self._end: float | None = None
        self._shown = math.inf
        self._soon: float | None = None  # since when it is a few seconds

    def ask(self) -> None:
        """Holds no lock: whoever answers may have one that others hold while they tell something."""
        now = self._clock()
        if now - self._asked >= PERIOD:
            self._learn(self._left(), now)

    def text(self) -> str:
        now = self._clock()
        if self._end is None:
            return "no estimate yet"
        return self._words(max(0.0, self._end - now), now)

    def _learn(self, left: float | None, now: float) -> None:
        passed, self._asked = now - self._asked, now
        if left is None or not math.isfinite(left):
            return
        told = now + max(0.0, left)
        weight = 1 - math.exp(-passed / MEMORY)
        self._end = told if self._end is None else self._end + weight * (told - self._end)

    def _words(self, left: float, now: float) -> str:
        if left >= (SOON if self._soon is None else 2 * SOON):
            self._soon = None
            step = _step(left)
            if abs(left - self._shown) > SETTLED * step:
                self._shown = max(1, round(left / step)) * step
            return f"about {_rounded(self._shown)} left"
        self._shown = math.inf
        self._soon = now if self._soon is None else self._soon
        return "a few seconds left" if now - self._soon < LATE else "longer than estimated"


def _step(left: float) -> int:
    return next(step for limit, step in STEPS if left <= limit)


def _rounded(seconds: float) -> str:
    """`80 s`, `3 min`, `1 h 30 min`, `7 h`."""
    if seconds <= SECONDS:
        return f"{seconds:.0f} s"
    minutes = round(seconds / MINUTE)
    if minutes < MINUTE:
        return f"{minutes} min"
    return f"{minutes // MINUTE} h {minutes % MINUTE} min" if minutes % MINUTE else f"{minutes // MINUTE} h"
