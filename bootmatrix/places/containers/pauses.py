"""When a container was paused, as its engine says while its job is quiet: where the agent, a shell, cannot tell."""

from __future__ import annotations

import time

from bootmatrix.places.containers import engine
from bootmatrix.places.usage import Had

EVERY = 2.0  # seconds between looks


class Pauses:
    """Those of a container, since it was given its only job."""

    def __init__(self) -> None:
        self._container = ""
        self._begun = self._looked = self._until = self._stood = 0.0
        self._now = False

    def begin(self, container: str) -> None:
        """It has its job now."""
        self._container = container
        self._begun = self._looked = self._until = time.monotonic()

    def quiet(self) -> None:
        """Nothing comes of the job: now and then, that is looked into."""
        if self._container and time.monotonic() - self._looked >= EVERY:
            self._look()

    def had(self) -> Had | None:
        """What time the job had; None while it has none."""
        self._look()
        now = time.monotonic()
        return None if self._now else Had(now - self._begun - self._stood, now - self._until)

    def _look(self) -> None:
        before, self._now = self._now, engine.is_paused(self._container)
        now = time.monotonic()
        if before or self._now:
            self._stood += min(now - self._looked, 2 * EVERY)  # before it was paused, it may have been busy for long
            self._until = now
        self._looked = now
