"""The wire: this process's end of what `agent_net.c` serves in a container, and `holder.py` on the host.

Requests and answers are whole messages on a Unix socket, one at a time. Who serves them may be killed or stopped at any
moment: nothing here waits for long.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import struct
import threading
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.namespace import Namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NAME = "wire"  # of the socket, beside the pipes
SECONDS = 10.0  # for an answer: the kernel takes milliseconds, and a busy host some more
MOST = 1 << 17  # bytes of a request or an answer
PLAIN = b"ok"
NUMBER, REFUSAL = re.compile(rb"ok ([0-9]{1,9})"), re.compile(rb"error ([0-9]{1,4})")


class Wire(Namespace):
    """`end` is ours from now on; `name` is for people: whose network it is."""

    def __init__(self, end: socket.socket, name: str) -> None:
        self.name = name
        end.settimeout(SECONDS)
        self._end = end
        self._lock = threading.Lock()

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        request = f"socket {int(family)} {int(kind)} {int(protocol)}".encode()
        return socket.socket(family, kind, protocol, fileno=self._descriptor(request, "makes no socket"))

    def tap(self, device: str) -> int:
        return self._number(f"tap {device}".encode(), f"has no tap {device}")

    def relay(self, device: str) -> int:
        return self._number(f"relay {device}".encode(), f"has no socket for {device}")

    def usher(self, device: str, link: str) -> None:
        self._plain(f"usher {device} {link}".encode(), f"has no link {link} for {device}")

    def netlink(self, request: bytes, protocol: int = 0) -> bytes:
        said, descriptors = self._ask(b"netlink %d\0" % protocol + request, "cannot be changed")
        if descriptors or not said.startswith(PLAIN + b"\0"):
            raise self._invalid(descriptors)
        return said[len(PLAIN) + 1 :]

    def post(self, request: bytes) -> None:
        """Tell the kernel, beside all else; whether it does it is to be seen."""
        self._plain(b"post 0\0" + request, "cannot be changed")

    def held(self) -> bool:
        """Whether the kernel holds sockets of it, open or not yet over."""
        return bool(self._number(b"held", "cannot be looked at"))

    @contextlib.contextmanager
    def given(self) -> Iterator[int]:
        descriptor = self._descriptor(b"give", "cannot be joined with another")
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def taken(self, descriptor: int) -> Iterator[int]:
        number = self._number(b"take", "cannot be joined with another", [descriptor])
        try:
            yield number
        finally:
            self._plain(b"drop %d" % number, "cannot be joined with another")

    def check(self) -> None:
        poll, number = select.poll(), self._end.fileno()
        if number >= 0:
            poll.register(number, 0)
        if number < 0 or poll.poll(0):
            raise InfrastructureError(f"the network of {self.name} was ended from outside")

    def _plain(self, request: bytes, what: str, given: Sequence[int] = ()) -> None:
        said, descriptors = self._ask(request, what, given)
        if descriptors or said != PLAIN:
            raise self._invalid(descriptors)

    def _descriptor(self, request: bytes, what: str) -> int:
        """The caller's from now on."""
        said, descriptors = self._ask(request, what)
        if said != PLAIN or len(descriptors) != 1:
            raise self._invalid(descriptors)
        return descriptors[0]

    def _number(self, request: bytes, what: str, given: Sequence[int] = ()) -> int:
        said, descriptors = self._ask(request, what, given)
        number = NUMBER.fullmatch(said)
        if descriptors or not number:
            raise self._invalid(descriptors)
        return int(number[1])

    def _ask(self, request: bytes, what: str, given: Sequence[int] = ()) -> tuple[bytes, list[int]]:
        """The answer, and its descriptors, which are the caller's; those that are `given` stay ours."""
        with self._lock:
            try:
                socket.send_fds(self._end, [request], given)
                said, descriptors = _received(self._end)
            except OSError as error:
                self._end.close()  # a late answer would be taken for that of the next request
                reason = "no answer" if isinstance(error, TimeoutError) else "its other end is gone"
                raise InfrastructureError(f"the network of {self.name} {what}: {reason}") from None
            except BaseException:
                self._end.close()
                raise
        if not said:
            raise InfrastructureError(f"the network of {self.name} {what}: its other end is gone")
        if number := REFUSAL.fullmatch(said):
            _close(descriptors)
            raise InfrastructureError(f"the network of {self.name} {what}: {os.strerror(int(number[1]))}")
        return said, descriptors

    def _invalid(self, descriptors: list[int]) -> InfrastructureError:
        _close(descriptors)
        return InfrastructureError(f"the network of {self.name} sent an invalid reply")

    def close(self) -> None:
        self._end.close()


def _received(end: socket.socket) -> tuple[bytes, list[int]]:
    """The next message and its descriptors, which no child of ours inherits: `socket.recv_fds` passes no flag on."""
    space = socket.CMSG_SPACE(struct.calcsize("i"))
    said, extra, _, _ = end.recvmsg(MOST, space, socket.MSG_CMSG_CLOEXEC)
    rights = [data for level, kind, data in extra if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)]
    return said, [number for data in rights for (number,) in struct.iter_unpack("i", data)]


def _close(descriptors: list[int]) -> None:
    for each in descriptors:
        os.close(each)


class Door:
    """Where a container's first process comes for its wire, in the folder that it has."""

    def __init__(self, box: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._path = box / NAME
        folder = os.open(box, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._socket.bind(f"/proc/self/fd/{folder}/{NAME}")  # a socket's own path may have 107 bytes
            self._path.chmod(0o600)
            self._socket.listen(1)
        except BaseException:
            self._socket.close()
            raise
        finally:
            os.close(folder)
        self._socket.settimeout(SECONDS)

    def opened(self, name: str) -> Wire:
        """To one who has come, or comes within some seconds; raises InfrastructureError if nobody does."""
        try:
            end, _ = self._socket.accept()
        except OSError:
            raise InfrastructureError(f"the agent in the container of {name} does not serve its network") from None
        return Wire(end, name)

    def close(self) -> None:
        """Nobody else can come any more."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


@contextlib.contextmanager
def door(box: Path) -> Iterator[Door]:
    """While this lasts, there is one in that folder."""
    made = Door(box)
    try:
        yield made
    finally:
        made.close()
