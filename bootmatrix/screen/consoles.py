"""Guests' consoles as whole lines, each with its test's id; bounded, whatever a guest prints."""

from __future__ import annotations

import threading

from bootmatrix.screen.words import LONGEST
from bootmatrix.texts import clean

MOST = 4096  # guests whose last line is kept until its end comes


class Consoles:
    """Collects chunks; a line that is too long is told in pieces."""

    def __init__(self) -> None:
        self._begun: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def add(self, test: str, chunk: bytes) -> list[str]:
        """The lines that are whole now; blank ones are left out."""
        with self._lock:
            text = self._begun.pop(test, b"") + chunk
            whole = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
            if len(text) - whole > LONGEST:
                whole = len(text)
            if whole < len(text) and len(self._begun) < MOST:
                self._begun[test] = text[whole:]
        return _lines(test, text[:whole])

    def end(self, test: str) -> list[str]:
        """The line that has no end."""
        with self._lock:
            return _lines(test, self._begun.pop(test, b""))

    def end_all(self) -> list[str]:
        return [line for test in list(self._begun) for line in self.end(test)]


def _lines(test: str, raw: bytes) -> list[str]:
    return [f"{test} | {line}" for line in clean(raw).split("\n") if line.strip()]
