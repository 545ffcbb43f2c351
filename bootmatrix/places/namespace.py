"""A network namespace that is not ours: that of a boot, or of the host end of one of its networks."""

from __future__ import annotations

import contextlib
import socket as sockets
import struct
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bootmatrix.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

AT_ONCE = struct.pack("ii", 1, 0)  # struct linger: what is closed is gone


class Beside(Protocol):
    """A namespace beside which others are made."""

    def share(self, end: sockets.socket) -> None:
        """Let another be served at this end of a wire; raises InfrastructureError."""


class Home(Protocol):
    """Where a job can stand that has no namespace of its own: `home` is a container, or a process of this host."""

    @property
    def home(self) -> str: ...


@dataclass(frozen=True)
class Named:
    """One that is known by its name alone: it may be made later."""

    home: str


@dataclass(frozen=True)
class Shared:
    """Networks that several jobs are on: their host ends, by their names. `beside` is the namespace beside which those
    of the jobs are made, where that matters.
    """

    ends: Mapping[str, Lent]
    beside: Beside | None = None


class Namespace(ABC):
    """What may be had of it, by any thread. Each raises InfrastructureError if it refuses, or cannot be reached.

    `home` tells the place where another job can stand in it: a container's id, or a process of this host.
    """

    home: str = ""

    @abstractmethod
    def socket(self, family: int, kind: int, protocol: int = 0) -> sockets.socket:
        """A new socket in it."""

    @abstractmethod
    def tap(self, device: str) -> int:
        """Make a tap that the job's user may open by this name; its index."""

    @abstractmethod
    def relay(self, device: str) -> int:
        """Carry the frames of a link that is there to and from who comes to a socket of its name; its index."""

    @abstractmethod
    def usher(self, device: str, link: str) -> None:
        """Send what comes by that tap to the other link until its bridge does; see `agent_usher.c`."""

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


class Lent(Namespace):
    """A namespace for as long as one job lasts: then its sockets are closed, and nothing more may be had of it."""

    def __init__(self, owner: Namespace) -> None:
        self.home = owner.home
        self._owner: Namespace | None = owner
        self._lock = threading.Condition()
        self._sockets: list[sockets.socket] = []
        self._visits = 0

    def socket(self, family: int, kind: int, protocol: int = 0) -> sockets.socket:
        with self._lock:
            made = self._of().socket(family, kind, protocol)
            self._sockets = [each for each in self._sockets if each.fileno() >= 0]
            self._sockets.append(made)
        return made

    def tap(self, device: str) -> int:
        with self._lock:
            return self._of().tap(device)

    def relay(self, device: str) -> int:
        with self._lock:
            return self._of().relay(device)

    def usher(self, device: str, link: str) -> None:
        with self._lock:
            self._of().usher(device, link)

    def netlink(self, request: bytes, protocol: int = 0) -> bytes:
        with self._lock:
            return self._of().netlink(request, protocol)

    def given(self) -> AbstractContextManager[int]:
        return self._of().given()

    def taken(self, descriptor: int) -> AbstractContextManager[int]:
        return self._of().taken(descriptor)

    def check(self) -> None:
        self._of().check()

    @contextlib.contextmanager
    def visited(self) -> Iterator[None]:
        """While this lasts, another job may come to stand in it, by its `home`."""
        with self._lock:
            self._of()
            self._visits += 1
        try:
            yield
        finally:
            with self._lock:
                self._visits -= 1
                self._lock.notify_all()

    def left(self, seconds: float) -> bool:
        """Whether no other job can stand in it any more, or will within so many seconds; asked once it is closed."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._visits, seconds)

    def _of(self) -> Namespace:
        if not self._owner:
            raise InfrastructureError("the network of a boot is gone with it")
        return self._owner

    def close(self) -> None:
        """Whoever waits on one of its sockets is woken."""
        with self._lock:
            self._owner = None
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, AT_ONCE)
                with contextlib.suppress(OSError):
                    each.shutdown(sockets.SHUT_RDWR)
                each.close()
            self._sockets.clear()
