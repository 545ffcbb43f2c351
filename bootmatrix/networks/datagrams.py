"""What Python's own sockets do not have: many datagrams in one call of the kernel, sendmmsg(2) and recvmmsg(2), and the
end of a connection without that of its socket.

Other threads go on meanwhile, so that of Python there is only what is done with each datagram; no compiler is needed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

WAIT_FOR_ONE = 0x10000  # MSG_WAITFORONE
NAME = struct.Struct("=H2x4s8x")  # struct sockaddr_in of ip(7): the family, no port, and the address
TIME = struct.Struct("=16xqq")  # the message of SO_TIMESTAMPNS, cmsg(3): seconds and nanoseconds
NOBODY = bytes(16)  # an address whose family is AF_UNSPEC
LIBC = ctypes.CDLL(None, use_errno=True)


class _Part(ctypes.Structure):
    """struct iovec of readv(2)."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """struct msghdr of sendmsg(2)."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("parts", ctypes.c_void_p),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """struct mmsghdr of sendmmsg(2)."""

    _fields_ = (("header", _Header), ("length", ctypes.c_uint32))


SIZE, WORD = ctypes.sizeof(_Message), ctypes.sizeof(ctypes.c_uint32)
WORDS = SIZE // WORD
LENGTH = _Message.length.offset // WORD  # among a message's words


class Outgoing:
    """Room for `count` datagrams of `size` bytes, for a socket that is connected or bound."""

    def __init__(self, count: int, size: int) -> None:
        self.count, self.size, self._content = count, size, bytearray(count * size)
        self._parts = _parts(self._content, count, size)
        self._messages = _messages(self._parts)

    def put(self, at: int, datagram: bytes) -> None:
        """As the one with this number, from 0; it has the whole size."""
        self._content[at * self.size : (at + 1) * self.size] = datagram

    def set(self, place: int, values: bytes) -> None:
        """The byte at this place of the first ones, a value for each."""
        self._content[place : len(values) * self.size : self.size] = values

    def contents(self, count: int, begin: int) -> list[bytes]:
        """Those of the first ones, each from this place on."""
        size, whole = self.size, bytes(self._content[: count * self.size])
        return [whole[at + begin : at + size] for at in range(0, count * size, size)]

    def send(self, sock: socket.socket, first: int, end: int) -> int:
        """Those from `first` to before `end`; how many of them were sent. Raises OSError if the first was not."""
        return _called(LIBC.sendmmsg, sock, ctypes.byref(self._messages, first * SIZE), end - first, 0)


class Incoming:
    """Room for `count` datagrams, and for `size` bytes of each: what came last has numbers from 0."""

    def __init__(self, count: int, size: int) -> None:
        self.count, self.size = count, size
        self._content, self._names, self._times = (bytearray(count * each) for each in (size, NAME.size, TIME.size))
        self._parts = _parts(self._content, count, size)
        self._messages = _messages(self._parts, _address(self._names), _address(self._times))
        self._words = memoryview(self._messages).cast("B").cast("I")
        self._unused = bytes(self._messages)  # the kernel puts there how long names and times were

    def receive(self, sock: socket.socket, flags: int = WAIT_FOR_ONE) -> int:
        """How many came: those that are there, by default after waiting for the first. Raises OSError without any."""
        ctypes.memmove(self._messages, self._unused, len(self._unused))
        self._names[:] = bytes(len(self._names))
        return _called(LIBC.recvmmsg, sock, self._messages, self.count, flags, None)

    def lengths(self, count: int) -> list[int]:
        """Bytes that were taken of each; with MSG_TRUNC among the flags, those that were sent."""
        return self._words[LENGTH : count * WORDS : WORDS].tolist()

    def contents(self, count: int) -> list[bytes]:
        """What was taken of each."""
        size, whole = self.size, bytes(self._content[: count * self.size])
        return [whole[at * size : at * size + min(size, length)] for at, length in enumerate(self.lengths(count))]

    def senders(self, count: int) -> list[bytes]:
        """A NAME of each, which is zeros if it has none."""
        whole, size = bytes(self._names), NAME.size
        return [whole[at : at + size] for at in range(0, count * size, size)]

    def times(self, count: int) -> Iterator[tuple[int, int]]:
        """Seconds since 1970, and nanoseconds, of each: on a socket that has SO_TIMESTAMPNS."""
        return TIME.iter_unpack(self._times[: count * TIME.size])


def disconnect(sock: socket.socket) -> None:
    """So that the next connection has another port, and what is sent to the one before comes to nobody: connect(2)."""
    _called(LIBC.connect, sock, NOBODY, len(NOBODY))


def _parts(content: bytearray, count: int, size: int) -> ctypes.Array[_Part]:
    here = _address(content)
    return (_Part * count)(*(_Part(here + at * size, size) for at in range(count)))


def _messages(parts: ctypes.Array[_Part], names: int = 0, times: int = 0) -> ctypes.Array[_Message]:
    """One for each of the parts, which must last as long, as must those of names and times at these addresses."""
    here = ctypes.addressof(parts)
    return (_Message * len(parts))(
        *(
            _Message(
                _Header(
                    *((names + at * NAME.size, NAME.size) if names else (None, 0)),
                    *(here + at * ctypes.sizeof(_Part), 1),
                    *((times + at * TIME.size, TIME.size) if times else (None, 0)),
                )
            )
            for at in range(len(parts))
        )
    )


def _address(content: bytearray) -> int:
    """Where it lies, as long as it is there and keeps its size."""
    return ctypes.addressof((ctypes.c_char * len(content)).from_buffer(content))


def _called(call: Callable[..., int], sock: socket.socket, *given: object) -> int:
    while (found := call(sock.fileno(), *given)) < 0:
        if (number := ctypes.get_errno()) != errno.EINTR:
            raise OSError(number, os.strerror(number))
    return found
