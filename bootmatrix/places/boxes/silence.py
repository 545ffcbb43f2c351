"""How long a machine stood still while a job ran in it, as one that is stopped or waits for a disk: its agent says
something with each sample of the job, whatever the guest does.
"""

from __future__ import annotations

import threading
import time

LONG = 5.0  # seconds besides the pause between two samples: with less it is late, as anyone may be


class Silence:
    """`heard` is told by one thread, all else by another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pause = self._heard = self._silent = 0.0

    def expect(self, pause: float) -> None:
        """From now on something comes once in so many seconds."""
        with self._lock:
            self._pause, self._heard, self._silent = pause, time.monotonic(), 0.0

    def heard(self, *, at_last: bool = True) -> None:
        """Something has come; or, if not `at_last`, nobody listened until now."""
        with self._lock:
            now = time.monotonic()
            self._silent += self._gap(now) if at_last else 0.0
            self._heard = now

    def seconds(self) -> float:
        """All of it, since something was expected."""
        with self._lock:
            return self._silent + self._gap(time.monotonic())

    def _gap(self, now: float) -> float:
        passed = now - self._heard
        return passed - self._pause if passed > self._pause + LONG else 0.0
