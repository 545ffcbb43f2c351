"""Values over time, of which only so many are kept however long it takes: of more, every second one goes."""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")
LEAST = 0.001  # seconds between two that are kept once they are many, though they come all at once
EARLY = 0.75  # of the time between two that are kept: they are late, now and then


class Thinned(Generic[Value]):
    """Each is kept with its time in seconds, until there are `most`; from then on only half as many are taken."""

    def __init__(self, most: int) -> None:
        self.kept: list[tuple[float, Value]] = []
        self._most = most
        self._apart, self._next = 0.0, 0.0  # seconds between two once they are many, and when the next may come

    def takes(self, at: float) -> bool:
        """Whether one that came then would be kept."""
        return at >= self._next

    def add(self, at: float, value: Value) -> None:
        """`at` never falls."""
        if not self.takes(at):
            return
        self.kept.append((at, value))
        if len(self.kept) == self._most:
            apart = (at - self.kept[0][0]) / (self._most - 1)
            del self.kept[1::2]
            self._apart = max(2 * apart, LEAST)
        self._next = at + self._apart * EARLY
