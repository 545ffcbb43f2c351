"""Packets as a pcapng file, for Wireshark and its kin.

Source: PCAP Next Generation Capture File Format (draft-ietf-opsawg-pcapng): section header, interface description and
enhanced packet blocks. dpkt's writer cannot say that a packet was longer than what is kept of it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bootmatrix.networks.packets import Packet

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
MAGIC, UNKNOWN_LENGTH = 0x1A2B3C4D, -1
ETHERNET = 1
NAME, RESOLUTION, NANOSECONDS = 2, 9, b"\x09"


def of(names: Iterable[str], packets: Iterable[Packet]) -> bytes:
    """`names` are those of the interfaces, in the order of the packets' indices."""
    blocks = [_block(SECTION, struct.pack("<IHHq", MAGIC, 1, 0, UNKNOWN_LENGTH))]
    blocks += [_interface(name) for name in names]
    blocks += [_packet(packet) for packet in packets]
    return b"".join(blocks)


def _interface(name: str) -> bytes:
    options = _option(NAME, name.encode()) + _option(RESOLUTION, NANOSECONDS) + _option(0, b"")
    return _block(INTERFACE, struct.pack("<HHI", ETHERNET, 0, 0) + options)


def _packet(packet: Packet) -> bytes:
    high, low = packet.time >> 32, packet.time & 0xFFFFFFFF
    head = struct.pack("<IIIII", packet.interface, high, low, len(packet.data), packet.length)
    return _block(PACKET, head + _padded(packet.data))


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length
