"""A guest at the other end of a wire, that answers segments of TCP with whatever a test gives it."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from typing import TYPE_CHECKING, NamedTuple

from checks.pinged import ETHERNET, GUEST, IP, OURS, summed
from checks.worlds import world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from checks.pinged import Wire

    from bootmatrix.checks.check import World

FIN, SYN, RST, ACK = 1, 2, 4, 16
TCP = struct.Struct("!HHIIBBHHH")
FIRST = 1000  # the guest's first sequence number
ADDRESSES = socket.inet_aton(GUEST) + socket.inet_aton(OURS)


class Segment(NamedTuple):
    """What came from us."""

    ours: int
    theirs: int
    sequence: int
    flags: int
    size: int

    def answered(self, flags: int, *, ahead: int = 0, window: int = 65535) -> bytes:
        """The frame of an answer without data, so far ahead of the guest's first."""
        took = self.sequence + self.size + bool(self.flags & (SYN | FIN))
        fields = (self.theirs, self.ours, FIRST + ahead, took % (1 << 32), 5 << 4, flags, window)
        without = TCP.pack(*fields, 0, 0)
        pseudo = ADDRESSES + struct.pack("!HH", socket.IPPROTO_TCP, len(without))
        packet = (0x45, 0, IP.size + len(without), 0, 0, 64, socket.IPPROTO_TCP)
        whole = IP.pack(*packet, 0, ADDRESSES[:4], ADDRESSES[4:])
        head = IP.pack(*packet, summed(whole), ADDRESSES[:4], ADDRESSES[4:])
        return ETHERNET + head + TCP.pack(*fields, summed(pseudo + without), 0)


def read(frame: bytes) -> Segment | None:
    """None if it has none."""
    if frame[12:14] != b"\x08\0" or frame[23] != socket.IPPROTO_TCP:
        return None
    ours, theirs, sequence, _, offset, flags, _, _, _ = TCP.unpack_from(frame, 34)
    (length,) = struct.unpack_from("!H", frame, 16)
    return Segment(ours, theirs, sequence, flags, length - IP.size - (offset >> 4) * 4)


@contextlib.contextmanager
def answering(wire: Wire, answer: Callable[[Segment], Iterable[bytes]]) -> Iterator[World]:
    """A guest that answers each segment with these frames, but no reset."""
    end: socket.socket = wire.space.do(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
    end.bind(("theirs", 3))
    woken, closing = socket.socketpair()

    def serve() -> None:
        while woken not in select.select([end, woken], [], [])[0]:
            frame, source = end.recvfrom(1 << 17)
            if source[2] != socket.PACKET_OUTGOING and (came := read(frame)) and not came.flags & RST:
                for each in answer(came):
                    end.send(each)

    guest = threading.Thread(target=serve, daemon=True)
    guest.start()
    try:
        yield world(socket=wire.space.socket)
    finally:
        closing.close()
        guest.join(30)
        end.close()
        woken.close()
