"""A peer of a guest that speaks in raw frames, over a Unix socket: no privilege, and nothing between them."""

from __future__ import annotations

import ipaddress
import socket
import struct
import time
from typing import TYPE_CHECKING

from unikernels.guests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

OURS, GUESTS = "10.0.0.1", "10.0.0.2"
MAC = bytes.fromhex("020000000001")
GUESTS_MAC = bytes.fromhex("525400000002")
EVERYONE = b"\xff" * 6
ARP, IP = 0x0806, 0x0800
ICMP, TCP, UDP = 1, 6, 17


def packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed


def checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ethernet(payload: bytes, kind: int = IP, *, to: bytes = GUESTS_MAC) -> bytes:
    return to + MAC + struct.pack(">H", kind) + payload


def arp(operation: int, target: str, *, mac: bytes = b"\0" * 6, sender: str = OURS) -> bytes:
    return struct.pack(">HHHH", 1, IP, 0x0604, operation) + MAC + packed(sender) + mac + packed(target)


def ip(protocol: int, data: bytes, *, source: str = OURS, to: str = GUESTS, ttl: int = 64, fragment: int = 0) -> bytes:
    head = (
        struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 1, fragment, ttl, protocol, 0) + packed(source) + packed(to)
    )
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + data


def ping(number: int, data: bytes = b"", kind: int = 8) -> bytes:
    message = struct.pack(">BBHHH", kind, 0, 0, 77, number) + data
    return message[:2] + struct.pack(">H", checksum(message)) + message[4:]


def summed(protocol: int, data: bytes, at: int, source: str = OURS, to: str = GUESTS) -> bytes:
    """TCP or UDP with the checksum at its place."""
    pseudo = packed(source) + packed(to) + struct.pack(">HH", protocol, len(data))
    return data[:at] + struct.pack(">H", checksum(pseudo + data) or 0xFFFF) + data[at + 2 :]


def udp(to_port: int, data: bytes, from_port: int = 5000) -> bytes:
    return summed(UDP, struct.pack(">HHHH", from_port, to_port, 8 + len(data), 0) + data, 6)


class Peer:
    """The other end of QEMU's `-netdev dgram`."""

    def __init__(self, folder: Path, name: str = "n0") -> None:
        self._own, self._guests = folder / f"{name}.own", folder / f"{name}.guest"
        self._name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._own))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._socket.close()

    def options(self, mac: bytes = GUESTS_MAC) -> tuple[str, ...]:
        """QEMU's for an interface that ends here."""
        wire = f"local.type=unix,local.path={self._guests},remote.type=unix,remote.path={self._own}"
        card = f"virtio-net-pci,netdev={self._name},mac={mac.hex(':')}"
        return ("-netdev", f"dgram,id={self._name},{wire}", "-device", card)

    def send(self, frame: bytes) -> None:
        self._socket.settimeout(PATIENCE)
        self._socket.sendto(frame, str(self._guests))

    def receive(self, wanted: Callable[[bytes], bool], seconds: float = PATIENCE) -> bytes | None:
        """The next frame that is wanted; others are passed over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                frame = self._socket.recv(65536)
            except TimeoutError:
                return None
            if self._answers(frame) or not wanted(frame):
                continue
            return frame
        return None

    def _answers(self, frame: bytes) -> bool:
        """A guest that asks who has our address is told."""
        asks = frame[12:14] == struct.pack(">H", ARP) and frame[20:22] == b"\0\1" and frame[38:42] == packed(OURS)
        if asks:
            self.send(ethernet(arp(2, GUESTS, mac=GUESTS_MAC), ARP))
        return asks

    def pings(self, number: int, data: bytes = b"", *, seconds: float = PATIENCE) -> bool:
        """Whether a ping is answered with what it held."""
        self.send(ethernet(ip(ICMP, ping(number, data))))
        return self.receive(lambda frame: frame[34:] == ping(number, data, 0), seconds) is not None
