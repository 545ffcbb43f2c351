"""A network namespace that is not ours: the boot's own, in which checks have their sockets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import socket as sockets


class Home(Protocol):
    """Where a job can stand that has no namespace of its own: `home` is a container, or a process of this host."""

    @property
    def home(self) -> str: ...


@dataclass(frozen=True)
class Named:
    """One that is known by its name alone: it may be made later."""

    home: str


class Namespace(ABC):
    """What may be had of it, by any thread. Each raises InfrastructureError if it refuses, or cannot be reached.

    `home` tells the place where another job can stand in it: a container's id, or a process of this host.
    """

    home: str = ""

    @abstractmethod
    def socket(self, family: int, kind: int, protocol: int = 0) -> sockets.socket:
        """A new socket in it. It is closed at the latest when the job is over."""

    @abstractmethod
    def tap(self, device: str) -> int:
        """Make a tap that the job's user may open by this name; its index."""

    @abstractmethod
    def netlink(self, request: bytes, protocol: int = 0) -> bytes:
        """The kernel's answer to netlink messages, each of which must want one: NLM_F_ACK or NLM_F_DUMP."""
