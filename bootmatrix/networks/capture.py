"""Sees what is sent on a boot's networks: a socket on each tap, read now and then."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import TYPE_CHECKING

from bootmatrix.networks.datagrams import Incoming
from bootmatrix.networks.packets import Packet, Packets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.model import Interface

ALL = 3  # ETH_P_ALL
SNAP = 256  # bytes of a packet that are kept: headers, and how its content begins
HELD = 1 << 20  # bytes that the kernel holds for us between two looks
BY_ONE_CALL, AT_ONCE = (
    64,
    256,
)  # packets that are read, at a look in 1 ms: of a flood the kernel drops and counts others
MOST = 1 << 13  # that can be held
SOL_PACKET, STATISTICS = 263, 6  # linux/if_packet.h
TIME = 35  # SO_TIMESTAMPNS, asm-generic/socket.h
NANOSECONDS = 1_000_000_000


class Capture:
    """`taps` are sockets for packets, one for each of the interfaces; they become ours."""

    def __init__(self, interfaces: Sequence[Interface], taps: Sequence[socket.socket]) -> None:
        self.packets = Packets(interfaces)
        self.taps = taps
        self._incoming = Incoming(BY_ONE_CALL, SNAP)
        for interface, tap in zip(interfaces, taps, strict=True):
            tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, HELD)
            tap.setsockopt(socket.SOL_SOCKET, TIME, 1)
            tap.setblocking(False)
            tap.bind((interface.device, ALL))

    def look(self, most: int = AT_ONCE) -> None:
        """Take what has come, so many of each tap."""
        for index, tap in enumerate(self.taps):
            with contextlib.suppress(OSError):  # nothing more, or the tap is gone
                for _ in range(most // BY_ONE_CALL):
                    self._read(index, tap)

    def _read(self, index: int, tap: socket.socket) -> None:
        incoming = self._incoming
        count = incoming.receive(tap, socket.MSG_DONTWAIT | socket.MSG_TRUNC)
        found = zip(incoming.times(count), incoming.lengths(count), incoming.contents(count), strict=False)
        for (seconds, rest), length, content in found:
            self.packets.add(Packet(index, seconds * NANOSECONDS + rest, length, content))

    def close(self) -> None:
        """Look for the last time, at all that the kernel holds."""
        self.look(MOST)
        for tap in self.taps:
            with contextlib.suppress(OSError):
                came, _ = struct.unpack("II", tap.getsockopt(SOL_PACKET, STATISTICS, 8))  # with those that were dropped
                self.packets.missed += came
            tap.close()
        self.packets.missed = max(0, self.packets.missed - self.packets.total)
