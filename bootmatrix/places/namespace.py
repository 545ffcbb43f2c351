"""A network namespace that is not ours: that of a boot, or of the host end of one of its networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket as sockets
    from contextlib import AbstractContextManager


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

    @abstractmethod
    def given(self) -> AbstractContextManager[int]:
        """A descriptor of the namespace itself, while this lasts."""

    @abstractmethod
    def taken(self, descriptor: int) -> AbstractContextManager[int]:
        """The number by which `netlink` knows another namespace, that of the descriptor, while this lasts."""

    @abstractmethod
    def check(self) -> None:
        """Raise InfrastructureError if nobody holds it any more. Costs next to nothing."""
