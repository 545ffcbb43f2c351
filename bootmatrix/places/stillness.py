"""How long the place of a job stood still while it ran: a container that is paused, a box whose emulator is stopped.

That is asked where a deadline has passed, and only then: what a guest lost so is not its doing.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError
from bootmatrix.quantities import human_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.usage import Had

LOOK = 0.1  # seconds to wait for an answer at a time
PATIENCE = 60.0  # seconds in which it must come
LITTLE = 1.0  # seconds that a job loses anywhere


@dataclass(frozen=True)
class Stillness:
    """`seconds` of it so far, until `until` on the monotonic clock."""

    seconds: float = 0.0
    until: float = -math.inf


NONE = Stillness()


class Question:
    """What time a job had since it was `begun`: put to its agent by `ask`. `had` waits so long for the answer."""

    def __init__(self, name: str, ask: Callable[[], object], had: Callable[[float], Had | None]) -> None:
        self._name, self._ask, self._had = name, ask, had
        self._asked: float | None = None

    def answer(self, begun: float) -> Stillness | None:
        """None as long as there is none; raises InfrastructureError if it does not come. Then it can be asked again."""
        if self._asked is None:
            self._asked = time.monotonic()
            self._ask()
        had, now = self._had(LOOK), time.monotonic()
        if not had:
            if now - self._asked > PATIENCE:
                what = f"what runs {self._name} stands still: it has not answered for {human_time(now - self._asked)}"
                raise InfrastructureError(what)
            return None
        self._asked = None
        lost = now - begun - had.seconds
        return Stillness(lost, now - had.ago) if lost >= LITTLE else NONE
