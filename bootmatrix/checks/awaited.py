"""Patterns that must come in what a guest sends: looked for again and again, without that costing more than it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import patterns, texts
from bootmatrix.checks.check import Failed
from bootmatrix.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bootmatrix.matrix.keys.parts import Pattern

MOST = 1 << 20  # bytes among which a pattern is looked for
SHOWN = 100  # characters of what came instead
REST = 4  # times as long as a look takes, nothing is looked for: a guest may send byte after byte


def missing(wanted: Sequence[Pattern], text: str) -> Pattern | None:
    """The first that does not come in its order. Raises Failed if a search takes too long."""
    start = 0
    for each in wanted:
        try:
            start = patterns.find(each, text, start)
        except UserError as error:
            raise Failed(str(error.problems[0].what), final=True) from None
        if start < 0:
            return each
    return None


def shown(text: str) -> str:
    """What came, for a message."""
    return f"'{texts.line(text, SHOWN)}'" if text.strip() else "nothing"


class Awaited:
    """Patterns, and what has come so far."""

    def __init__(self, wanted: Sequence[Pattern], clock: Callable[[], float]) -> None:
        self.data = bytearray()
        self.missing = wanted[0] if wanted else None
        self._wanted, self._clock = wanted, clock
        self._due, self._seen = 0.0, 0

    def add(self, chunk: bytes) -> None:
        """Raises Failed if more comes than is looked at."""
        self.data += chunk
        if len(self.data) > MOST:
            self.look()
            if self.missing:
                raise Failed(f"more than {MOST >> 20} MiB came without {self.missing}")
            del self.data[MOST:]

    def met(self) -> bool:
        """Whether all have come, as far as that was looked for."""
        if self.missing and len(self.data) != self._seen and self._clock() >= self._due:
            self.look()
        return not self.missing

    def patience(self, rest: float) -> float:
        """How many seconds of the `rest` to wait for more: all of it, if what has come so far was looked at."""
        return min(rest, max(0.001, self._due - self._clock())) if len(self.data) != self._seen else rest

    def look(self) -> None:
        began, self._seen = self._clock(), len(self.data)
        self.missing = missing(self._wanted, self.text)
        self._due = self._clock() + REST * (self._clock() - began)

    @property
    def text(self) -> str:
        return texts.clean(bytes(self.data))
