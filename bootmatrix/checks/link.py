"""A TCP connection to a guest: it ends with its try's time, and when the boot ends."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import socket
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.checks.check import Failed, Late
from bootmatrix.checks.ends import Ended

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

    from bootmatrix.checks.check import Try

CHUNK = 1 << 16
AWAITING_FIN = frozenset({4, 5})  # TCP_FIN_WAIT1 and TCP_FIN_WAIT2 of linux/tcp_states.h: the other side has not closed
REFUSED = "refuses connections"


class Link:
    """`where` is for people: the address and the port. `received` counts bytes. `is_cut_off`: the connection has ended,
    but TLS did not before it, which raises `ragged`: nobody knows whether more was to come. `was_reset`: the guest has
    accepted, and reset the connection at once.
    """

    def __init__(
        self,
        tried: Try,
        sock: socket.socket,
        where: str,
        *,
        ragged: type[OSError] | tuple[()] = (),
        was_reset: bool = False,
    ) -> None:
        self._try, self._sock, self.where, self._ragged, self._was_reset = tried, sock, where, ragged, was_reset
        self.received, self.is_cut_off = 0, False

    def send(self, data: bytes) -> None:
        """All of it. Raises Late, Ended, or Failed if the guest wants no more."""
        with self._waking():
            self._sock.settimeout(self._try.rest())
            self._sock.sendall(data)

    def rest(self) -> float:
        """Seconds that are left. Raises Late if none are."""
        return self._try.rest()

    def receive(self, seconds: float | None = None, size: int = CHUNK) -> bytes | None:
        """What comes next, empty at the end; None if nothing has come within so many seconds, which are not all that
        is left.
        """
        left = self._try.rest()
        wait = left if seconds is None else min(left, seconds)
        try:
            with self._waking():
                self._sock.settimeout(wait)
                found = self._taken(size)
        except Late:
            if wait < left:
                return None
            raise
        if not found and self._is_shut():
            raise Ended
        self.received += len(found)
        return found

    def _taken(self, size: int) -> bytes:
        try:
            return self._sock.recv(size)
        except self._ragged:
            self.is_cut_off = True
            return b""

    def _is_shut(self) -> bool:
        """Whether this end is not the guest's own, but that of the boot, which shut the socket down."""
        state = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return self._try.ended() and state in AWAITING_FIN

    def half_close(self) -> None:
        """Nothing more is sent."""
        with self._waking():
            self._sock.shutdown(socket.SHUT_WR)

    @contextlib.contextmanager
    def secured(self, context: ssl.SSLContext, name: str) -> Iterator[tuple[Link, str]]:
        """The same through TLS, for a server of this name, and the version of TLS."""
        try:
            name.encode("idna")  # as wrap_socket does, but it would leave the connection open
        except UnicodeError:
            raise Failed(f"'{texts.line(name, 80)}' is not the name of a server: correct `host`", final=True) from None
        from ssl import SSLEOFError  # noqa: PLC0415  # that the context is there means that it is imported

        with self._waking():
            inner = context.wrap_socket(
                self._sock, server_hostname=name, do_handshake_on_connect=False, suppress_ragged_eofs=False
            )
        with self._try.world.ends.kept(inner):
            try:
                with self._waking():
                    inner.settimeout(self._try.rest())
                    inner.do_handshake()
            except Late:
                raise Failed(f"{self.where} did not finish the TLS handshake in time", late=True) from None
            yield Link(self._try, inner, self.where, ragged=SSLEOFError), inner.version() or ""

    def reader(self) -> Reader:
        return Reader(self)

    @contextlib.contextmanager
    def _waking(self) -> Iterator[None]:
        try:
            if self._was_reset:
                raise ConnectionResetError
            yield
        except TimeoutError:
            raise Late from None
        except OSError as error:
            self._try.raise_ended()
            raise Failed(f"{self.where}: {worded(error)}") from None


class Reader(io.BufferedReader):
    """What comes as a file; reading it raises as `receive` does."""

    def __init__(self, link: Link) -> None:
        self._end = _End(link)
        super().__init__(self._end, CHUNK)

    def more(self, seconds: float) -> bytes:
        """What is here, or else comes next within so many seconds; nothing if that is nothing."""
        self._end.seconds = seconds
        return self.read1(CHUNK)

    @property
    def is_over(self) -> bool:
        """Whether the guest was seen to have closed the connection."""
        return self._end.is_over


class _End(io.RawIOBase):
    def __init__(self, link: Link) -> None:
        self._link = link
        self.seconds: float | None = None  # that are waited; None: all that are left
        self.is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        view = memoryview(buffer)
        found = None if self.seconds == 0 else self._link.receive(self.seconds, len(view))
        if found is None:
            return None
        self.is_over = not found
        view[: len(found)] = found
        return len(found)


@contextlib.contextmanager
def connected(tried: Try, address: str, port: int) -> Iterator[Link]:
    """Raises Failed if the guest does not accept, Late and Ended."""
    where = f"{address}:{port}"
    with tried.opened(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        code = sock.connect_ex((address, port))
        tried.raise_ended()  # an end before that call would have been without effect
        if code == errno.EINPROGRESS:
            code = _awaited(sock, tried, where)
        was_reset = code == errno.ECONNRESET  # which the kernel says only of one that stood: else it was refused
        if code and not was_reset:
            tried.raise_ended()
            raise Failed(f"{where} {REFUSED}" if code == errno.ECONNREFUSED else f"{where}: {os.strerror(code)}")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Link(tried, sock, where, was_reset=was_reset)


def _awaited(sock: socket.socket, tried: Try, where: str) -> int:
    """The kernel's word on a connection that is under way."""
    poll, rest = select.poll(), tried.rest()
    poll.register(sock, select.POLLOUT)
    if not poll.poll(min(rest, tried.patience) * 1000):
        raise Failed(f"{where} does not answer", late=rest <= tried.patience)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def worded(error: OSError) -> str:
    """What went wrong with a connection, for people."""
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "the connection was reset"
    if hasattr(error, "reason"):  # an ssl.SSLError
        from bootmatrix.checks import secure  # noqa: PLC0415  # it imports ssl, as no other check needs to

        return f"TLS: {secure.worded(error)}"
    return error.strerror or str(error)
