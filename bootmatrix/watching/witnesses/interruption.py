"""The user, who wants all to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Moment, Witness

if TYPE_CHECKING:
    import threading


class Interruption(Witness):
    """Wants the end as soon as `asked` is set."""

    def __init__(self, asked: threading.Event) -> None:
        self.asked = asked

    def tick(self, moment: Moment) -> Stop | None:
        del moment
        return Stop(StopKind.INTERRUPTED, "interrupted") if self.asked.is_set() else None
