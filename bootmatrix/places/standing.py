"""The networks of a job, for people: while they are there, a guest is booted in them by hand, and asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Standing(ABC):
    """What a place tells of them."""

    @abstractmethod
    def command(self, argv: Sequence[str]) -> list[str]:
        """What runs the words of a `Place.command_line` in them."""

    @abstractmethod
    def ways_in(self, program: str) -> list[str]:
        """Lines for a shell in a second terminal, what each is for before it: `program` is one of this host."""

    @abstractmethod
    def interrupt(self) -> None:
        """Somebody has pressed Ctrl-C, which the command has seen as well."""

    @abstractmethod
    def clear(self) -> None:
        """End whatever stands in them; raises InfrastructureError if that cannot be."""
