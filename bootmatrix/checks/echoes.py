"""Echo requests of ICMP and their answers, many at a time: next to nothing is done in Python for each of them."""

from __future__ import annotations

import socket
import struct
from itertools import takewhile
from typing import TYPE_CHECKING

from bootmatrix.networks.datagrams import NAME, Incoming, Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST, REPLY = 8, b"\0"
HEADER = struct.Struct("!BBHHH")  # type, code, checksum and identifier (the kernel fills them in), sequence number
NUMBER = struct.Struct("!Q")  # the first bytes of what is sent, where it is large enough
SEQUENCE, SEQUENCES = 6, 1 << 16  # where the header has its number, and how many there are
ROW = 1 << 8  # numbers that differ in their last byte alone
LAST_BYTES = bytes(range(ROW))
TOGETHER, BUFFER = 64, 1 << 20  # that one call of the kernel sends or takes, and the bytes that they may have


class Echoes:
    """Those on their way: when they were sent, by what their answers must have, the sequence number and the content.
    Only such an answer counts, from the guest, and once.
    """

    def __init__(self, address: str, fill: bytes, most: int) -> None:
        """`fill` is what each has but for its number; `most` are on their way at any time."""
        self.flying: dict[bytes, float] = {}
        self.sent = 0
        self._guest, self._fill = NAME.pack(socket.AF_INET, socket.inet_aton(address)), fill
        self._is_numbered = len(fill) >= NUMBER.size
        size = HEADER.size + len(fill)
        self.room = max(1, min(TOGETHER, most, BUFFER // size))  # for what comes at once
        self._outgoing, self._incoming = Outgoing(self.room, size), Incoming(self.room, size + 1)
        self._row = -1  # that the outgoing ones have in all but their last bytes

    def prepare(self, most: int, now: float) -> int:
        """The next ones, which are on their way from now; how many."""
        count = min(most, self._outgoing.count, ROW - self.sent % ROW)
        if self._row != (row := self.sent // ROW):
            self._begin(row)
        last = LAST_BYTES[self.sent % ROW :][:count]
        self._outgoing.set(HEADER.size - 1, last)
        if self._is_numbered:
            self._outgoing.set(HEADER.size + NUMBER.size - 1, last)
        self.flying.update(dict.fromkeys(self._outgoing.contents(count, SEQUENCE), now))
        self.sent += count
        return count

    def _begin(self, row: int) -> None:
        self._row, first = row, row * ROW
        body = NUMBER.pack(first) + self._fill[NUMBER.size :] if self._is_numbered else self._fill
        for at in range(self._outgoing.count):
            self._outgoing.put(at, HEADER.pack(REQUEST, 0, 0, 0, first % SEQUENCES) + body)

    def send(self, sock: socket.socket, first: int, end: int) -> int:
        """Of those that were prepared; how many were sent. Raises OSError if the first was not."""
        return self._outgoing.send(sock, first, end)

    def receive(self, sock: socket.socket) -> int:
        """Wait for what comes; how much is there. Raises OSError if nothing is."""
        return self._incoming.receive(sock)

    def answered(self, count: int) -> Iterator[float]:
        """When those were sent that are answered by what has come."""
        flying, guest = self.flying, self._guest
        for data, sender in zip(self._incoming.contents(count), self._incoming.senders(count), strict=True):
            if sender == guest and data[:1] == REPLY and data[SEQUENCE:] in flying:
                yield flying.pop(data[SEQUENCE:])

    def lost(self, before: float) -> int:
        """How many are on their way since then or longer: they are given up."""
        late = [echo for echo, _ in takewhile(lambda flying: flying[1] <= before, self.flying.items())]
        for echo in late:
            del self.flying[echo]
        return len(late)
