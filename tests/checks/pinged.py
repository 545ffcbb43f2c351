"""A guest at the other end of a wire, that answers pings with whatever frames a test gives it."""

from __future__ import annotations

import contextlib
import functools
import select
import socket
import struct
import subprocess
import threading
from typing import TYPE_CHECKING

from checks.worlds import Apart, apart, world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bootmatrix.checks.check import World

GUEST, OTHER, OURS = "10.77.0.2", "10.77.0.3", "10.77.0.1"
MACS = bytes.fromhex("020000000001 020000000002")  # to us, from the guest
ETHERNET, IP, ICMP = MACS + b"\x08\0", struct.Struct("!BBHHHBBH4s4s"), struct.Struct("!BBHHH")
HEADS = len(ETHERNET) + IP.size
LINKS = """
ip link add ours address 02:00:00:00:00:01 type veth peer name theirs address 02:00:00:00:00:02
ip address add 10.77.0.1/24 dev ours
ip link set theirs arp off up
ip link set ours up
ip neighbour add 10.77.0.2 lladdr 02:00:00:00:00:02 dev ours nud permanent
"""


class Ping:
    """An echo request that has come to the guest, in an Ethernet frame."""

    def __init__(self, frame: bytes) -> None:
        _, _, _, self.identifier, self.sequence = ICMP.unpack_from(frame, HEADS)
        self.packet = frame[len(ETHERNET) :]
        self.content = frame[HEADS + ICMP.size :]

    def refused(self, kind: int, code: int) -> bytes:
        """The frame of an error that has the packet of this ping in it."""
        message = (
            bytes((kind, code, 0, 0, 0, 0, 5, 0)) + self.packet[:28]
        )  # of a packet that is too large: at most 1,280
        return framed(message[:2] + struct.pack("!H", summed(message)) + message[4:], GUEST)

    def answered(
        self, *, kind: int = 0, more: int = 0, sequence: int = 0, content: bytes | None = None, source: str = GUEST
    ) -> bytes:
        """The frame of its answer: right where nothing is said. `more` and `sequence` are what is added to the
        identifier and to the sequence number.
        """
        numbers = (self.identifier + more) % (1 << 16), (self.sequence + sequence) % (1 << 16)
        content = self.content if content is None else content
        without = ICMP.pack(kind, 0, 0, *numbers) + content
        return framed(ICMP.pack(kind, 0, summed(without), *numbers) + content, source)


def framed(message: bytes, source: str) -> bytes:
    """A message of ICMP in a packet to us."""
    addresses = socket.inet_aton(source), socket.inet_aton(OURS)
    fields = (0x45, 0, IP.size + len(message), 0, 0, 64, socket.IPPROTO_ICMP)
    return ETHERNET + IP.pack(*fields, summed(IP.pack(*fields, 0, *addresses)), *addresses) + message


def summed(data: bytes) -> int:
    """The Internet checksum, RFC 1071."""
    whole: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    return 0xFFFF ^ functools.reduce(lambda total, _: (total & 0xFFFF) + (total >> 16), range(2), whole)


class Wire:
    """Two ends of a link in a network namespace of its own: one has our address, to the other come guests."""

    def __init__(self, space: Apart) -> None:
        self.space = space
        space.do(lambda: subprocess.run(["sh", "-e", "-c", LINKS], check=True))

    @contextlib.contextmanager
    def answering(self, answer: Callable[[int, Ping], Iterable[bytes]]) -> Iterator[World]:
        """A guest that answers the n-th ping, from 1, with these frames."""
        end: socket.socket = self.space.do(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        end.bind(("theirs", 3))
        woken, closing = socket.socketpair()
        guest = threading.Thread(target=serve, args=(end, woken, answer), daemon=True)
        guest.start()
        try:
            yield world(socket=self.space.socket)
        finally:
            closing.close()
            guest.join(30)
            end.close()
            woken.close()


def serve(end: socket.socket, woken: socket.socket, answer: Callable[[int, Ping], Iterable[bytes]]) -> None:
    """Until the other end of `woken` is closed."""
    number = 0
    while True:
        ready = select.select([end, woken], [], [])[0]
        if woken in ready:
            return
        frame, source = end.recvfrom(1 << 16)
        if source[2] == socket.PACKET_OUTGOING or frame[HEADS : HEADS + 1] != b"\x08":
            continue
        number += 1
        for each in answer(number, Ping(frame)):
            if select.select([woken], [], [], 0)[0]:
                return
            end.send(each)


@contextlib.contextmanager
def wire() -> Iterator[Wire]:
    """Skips the test where that cannot be."""
    with apart() as space:
        yield Wire(space)
