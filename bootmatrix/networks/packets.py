"""Packets that were seen on a boot's networks: the first ones and the last ones, and a count of all."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.model import Interface

HEAD = TAIL = 512  # packets that are kept, from the beginning and before the end
EPHEMERAL = 32768  # the first of the ports that Linux gives to who asks for none in particular
FLOWS = 64  # kinds of packets that are told apart


class Packet(NamedTuple):
    """`time` in nanoseconds since 1970, `length` in bytes on the wire, of which `data` are the first; `interface` is
    the index of the one on whose tap it was seen.
    """

    interface: int
    time: int
    length: int
    data: bytes


@dataclass
class Flow:
    """Packets of one kind, `size` in bytes; `first` is the first of them."""

    first: Packet
    packets: int = 0
    size: int = 0


@dataclass
class Packets:
    """What guests send is data: of however many kinds, FLOWS are told apart, and `others` counts the rest.

    `missed` is how many there were besides those that were added.
    """

    interfaces: Sequence[Interface]
    total: int = 0
    missed: int = 0
    others: int = 0
    flows: dict[bytes, Flow] = field(default_factory=dict)
    head: list[Packet] = field(default_factory=list)
    tail: deque[Packet] = field(default_factory=lambda: deque(maxlen=TAIL))

    def add(self, packet: Packet) -> None:
        self.total += 1
        (self.head if len(self.head) < HEAD else self.tail).append(packet)
        kind = _kind(packet)
        flow = self.flows.get(kind)
        if flow is None:
            if len(self.flows) == FLOWS:
                self.others += 1
                return
            flow = self.flows[kind] = Flow(packet)
        flow.packets += 1
        flow.size += packet.length

    @property
    def kept(self) -> list[Packet]:
        """In the order in which they came."""
        return sorted((*self.head, *self.tail), key=lambda each: each.time)


def _kind(packet: Packet) -> bytes:
    """What the packets of one conversation have in common, where most have it: type, protocol, addresses, and ports, or
    the type of an ICMP message.
    """
    data, index = packet.data, bytes((packet.interface,))
    if data[12:14] != b"\x08\x00":
        return index + data[12:14] + data[6:12]
    ports = data[34:35] if data[23:24] == b"\x01" else _lasting(data[34:36]) + _lasting(data[36:38])
    return index + data[12:14] + data[23:24] + data[26:34] + ports


def _lasting(port: bytes) -> bytes:
    """A port, or nothing of one that a connection has for itself: then all from one address are of one kind."""
    return b"" if int.from_bytes(port, "big") >= EPHEMERAL else port
