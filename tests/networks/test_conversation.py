"""A capture in words: who sent what to whom, whatever a guest has put into its packets."""

from __future__ import annotations

from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

import dpkt
from hypothesis import given, strategies as st

from bootmatrix.model import Interface, Network
from bootmatrix.networks import conversation, packets
from bootmatrix.networks.packets import Packet, Packets

if TYPE_CHECKING:
    from collections.abc import Iterable

LAN = Network("lan", IPv4Interface("10.0.0.1/24"))
SERVICE = Interface("service", LAN, "tap0", IPv4Interface("10.0.0.2/24"), "02:00:0a:00:00:02")
HOST, GUEST = b"\x0a\0\0\1", b"\x0a\0\0\2"
NOON = 1_700_049_600_000_000_000  # 12:00:00 in UTC


def captured(frames: Iterable[bytes]) -> Packets:
    made = Packets([SERVICE])
    for index, data in enumerate(frames):
        made.add(Packet(0, NOON + index * 1_000_000, len(data), data))
    return made


def frame(inner: dpkt.Packet, protocol: int) -> bytes:
    return bytes(dpkt.ethernet.Ethernet(data=dpkt.ip.IP(src=HOST, dst=GUEST, p=protocol, data=inner)))


SYN = frame(dpkt.tcp.TCP(sport=4000, dport=80, flags=2, seq=7, win=512), dpkt.ip.IP_PROTO_TCP)
UDP = frame(dpkt.udp.UDP(sport=4000, dport=7, ulen=12, data=b"abcd"), dpkt.ip.IP_PROTO_UDP)
PING = frame(dpkt.icmp.ICMP(type=8, data=dpkt.icmp.ICMP.Echo(id=3, seq=9, data=b"x")), dpkt.ip.IP_PROTO_ICMP)
ARP = bytes(dpkt.ethernet.Ethernet(type=0x0806, data=dpkt.arp.ARP(spa=HOST, tpa=GUEST)))


def test_it_says_who_sent_what_to_whom_and_how_often() -> None:
    said = conversation.of(captured([ARP, *[PING] * 3, SYN, UDP]))
    first, about, *rest = said.splitlines()
    assert first == "6 packets"
    assert about == "service: guest 10.0.0.2 (02:00:0a:00:00:02), host 10.0.0.1, network lan, MTU 1500"
    assert f"{3:>9} {'129 B':>10}  service: ICMP 10.0.0.1 > 10.0.0.2 echo request" in rest
    assert f"{1:>9} {f'{len(SYN)} B':>10}  service: TCP 10.0.0.1:4000 > 10.0.0.2:80" in rest
    assert rest[-6:] == [
        f"12:00:00.000000 service: ARP 10.0.0.1 who has 10.0.0.2 ({len(ARP)} B)",
        f"12:00:00.001000 service: ICMP 10.0.0.1 > 10.0.0.2 echo request id 3 seq 9 ({len(PING)} B)",
        f"12:00:00.002000 service: ICMP 10.0.0.1 > 10.0.0.2 echo request id 3 seq 9 ({len(PING)} B)",
        f"12:00:00.003000 service: ICMP 10.0.0.1 > 10.0.0.2 echo request id 3 seq 9 ({len(PING)} B)",
        "12:00:00.004000 service: TCP 10.0.0.1:4000 > 10.0.0.2:80 SYN seq 7 ack 0 window 512 with 0 B of data (54 B)",
        f"12:00:00.005000 service: UDP 10.0.0.1:4000 > 10.0.0.2:7 with 4 B of data ({len(UDP)} B)",
    ]


def test_of_many_packets_the_first_and_the_last_are_kept_and_all_are_counted() -> None:
    found = captured([SYN, *[PING] * 5000, UDP])
    assert (found.total, len(found.kept)) == (5002, packets.HEAD + packets.TAIL)
    assert (found.kept[0].data, found.kept[-1].data) == (SYN, UDP)
    said = conversation.of(found)
    assert said.splitlines()[0] == "5,002 packets"
    assert "    5,000 " in said
    assert "the last 20 packets:" in said


def test_what_was_missed_is_said() -> None:
    found = captured([PING])
    found.missed = 4000
    assert conversation.of(found).startswith("1 packet; 4,000 more came too fast to be kept\n")


def test_no_packet_at_all_is_said_with_the_addresses() -> None:
    assert conversation.of(captured([])).splitlines()[0] == "0 packets"


def test_a_guest_cannot_make_kinds_of_packets_without_end() -> None:
    found = captured(frame(dpkt.udp.UDP(sport=port, dport=7), 17) for port in range(5000))
    assert len(found.flows) == packets.FLOWS
    assert f"{5000 - packets.FLOWS:>9,} {'':>10}  of other kinds" in conversation.of(found).splitlines()


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=300),
            st.tuples(st.sampled_from([SYN, UDP, PING, ARP]), st.integers(0, 60), st.binary(max_size=8)).map(
                lambda m: m[0][: m[1]] + m[2] + m[0][m[1] + len(m[2]) :]
            ),
        ),
        max_size=8,
    )
)
def test_whatever_was_sent_each_packet_is_one_line(frames: list[bytes]) -> None:
    said = conversation.of(captured(frames))
    assert all(line.isprintable() for line in said.split("\n"))
    if frames:
        assert len(said.split(":\n")[-1].splitlines()) == len(frames)


def test_the_connections_of_one_address_to_a_port_are_one_kind() -> None:
    syns = [frame(dpkt.tcp.TCP(sport=port, dport=80, flags=2), 6) for port in range(40000, 40500)]
    found = captured(syns)
    assert len(found.flows) == 1
    assert any(line.endswith("service: TCP 10.0.0.1:* > 10.0.0.2:80") for line in conversation.of(found).splitlines())
