"""Hands a console on while it is printed, for whoever wants to follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.places.place import CONSOLE
from bootmatrix.watching.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable


class Relay(Witness):
    """`to` is called with each chunk."""

    def __init__(self, to: Callable[[bytes], None]) -> None:
        self.to = to

    def saw(self, stream: str, chunk: bytes) -> None:
        if stream == CONSOLE:
            self.to(chunk)
