"""The file of a capture, read back by another's reader."""

from __future__ import annotations

import io

import dpkt
import pytest

from bootmatrix.networks import pcapng
from bootmatrix.networks.packets import Packet

FIRST = Packet(0, 1_700_000_000_123_456_789, 1500, b"\x02" * 6 + b"\x04" * 6 + b"\x08\x00" + b"a" * 43)
SECOND = Packet(1, 1_700_000_001_000_000_001, 14, b"b" * 14)


def test_each_packet_has_its_time_and_its_bytes() -> None:
    read = list(dpkt.pcapng.Reader(io.BytesIO(pcapng.of(["lan", "wan"], [FIRST, SECOND]))))
    assert [bytes(data) for _, data in read] == [FIRST.data, SECOND.data]
    assert [round(moment, 6) for moment, _ in read] == [1700000000.123457, 1700000001.0]


@pytest.mark.parametrize("packet", [FIRST, SECOND])
def test_a_packet_tells_its_interface_and_its_whole_length(packet: Packet) -> None:
    raw = pcapng.of(["lan", "wan"], [packet])
    block = dpkt.pcapng.EnhancedPacketBlockLE(raw[raw.index(b"\6\0\0\0") :])
    assert (block.iface_id, block.caplen, block.pkt_len) == (packet.interface, len(packet.data), packet.length)
    assert (block.ts_high << 32) + block.ts_low == packet.time


def test_a_capture_without_packets_is_a_file_too() -> None:
    assert list(dpkt.pcapng.Reader(io.BytesIO(pcapng.of(["lan"], [])))) == []
