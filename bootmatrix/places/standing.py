"""The networks of a job, for people: while they are there, a guest is booted in them by hand, and asked."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Held(ABC):
    """What a command needs that runs in them."""

    @abstractmethod
    def command(self, argv: Sequence[str]) -> list[str]:
        """What runs the words of a `Place.command_line` in them."""

    @abstractmethod
    def interrupt(self) -> None:
        """Somebody has pressed Ctrl-C, which the command has seen as well."""

    @abstractmethod
    def clear(self) -> None:
        """End whatever stands in them; raises InfrastructureError if that cannot be."""


class Standing(Held):
    """What a place tells of them."""

    @abstractmethod
    def ways_in(self, program: str) -> list[str]:
        """Lines for a shell in a second terminal, what each is for before it: `program` is one of this host."""


class Together(Held):
    """Those of a test of several guests: where each of them is booted, by its name, and its networks."""

    def __init__(self, guests: Mapping[str, Standing], networks: Iterable[Standing]) -> None:
        self.guests, self._all = guests, [*guests.values(), *networks]

    def command(self, argv: Sequence[str]) -> list[str]:
        """In none of them: `variable(GUEST)` has the words before a program that stands where the guest is booted."""
        there = [f"{variable(name)}={shlex.join(each.command(()))}" for name, each in self.guests.items()]
        return ["env", *there, *argv]

    def interrupt(self) -> None:
        for each in self._all:
            each.interrupt()

    def clear(self) -> None:
        for each in self._all:
            each.clear()


def variable(guest: str) -> str:
    """The name of the variable that tells where a guest is booted: a shell's names have no hyphen."""
    return f"IN_{guest.encode().hex() if '-' in guest else guest}"
