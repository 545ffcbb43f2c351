"""The router between two networks, each of which is a peer that speaks in frames."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from unikernels.frames import ICMP, MAC, TCP, UDP, Peer, ethernet, ip, packed, ping, udp

from unikernels import frames, guests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.qemu
LAN, WAN = bytes.fromhex("525400000101"), bytes.fromhex("525400000102")
NEAR, FAR = "10.0.0.1", "10.1.0.1"


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory, elf: Callable[[str], Path]) -> Iterator[tuple[Peer, Peer]]:
    folder = tmp_path_factory.mktemp("router")
    with Peer(folder, "lan") as lan, Peer(folder, "wan") as wan:
        args = "ip0=10.0.0.2/24 ip1=10.1.0.2/24 deny=53"
        options = (*lan.options(LAN), *wan.options(WAN))
        with guests.booted(guests.qemu("x86_64", elf("x86_64") / "router.elf", args, *options)) as guest:
            guest.says("ready")
            lan.send(ethernet(frames.arp(1, "10.0.0.2"), frames.ARP, to=LAN))
            assert lan.receive(lambda frame: frame[20:22] == b"\0\2")
            yield lan, wan


def through(networks: tuple[Peer, Peer], packet: bytes) -> bytes:
    """Sends it into the one network, and gives what comes out at the other."""
    lan, wan = networks
    lan.send(ethernet(packet, to=LAN))
    out = wan.receive(lambda frame: answered(wan, frame))
    assert out is not None
    assert (out[:6], out[6:12]) == (MAC, WAN)
    return out[14:]


def answered(wan: Peer, frame: bytes) -> bool:
    """The router is told who the far machine is; all else is wanted."""
    if frame[12:14] == b"\x08\x06":
        if frame[38:42] == packed(FAR):
            wan.send(ethernet(frames.arp(2, "10.1.0.2", mac=WAN, sender=FAR), frames.ARP, to=WAN))
        return False
    return True


def test_a_packet_comes_out_at_the_other_side_with_one_hop_less(networks: tuple[Peer, Peer]) -> None:
    for data in (b"", b"x" * 1472):  # the first waits until the router knows who the far machine is
        sent = ip(ICMP, ping(1, data), to=FAR, ttl=9)
        assert through(networks, sent) == ip(ICMP, ping(1, data), to=FAR, ttl=8)


def test_fragments_that_no_firewall_minds_pass(networks: tuple[Peer, Peer]) -> None:
    assert through(networks, ip(ICMP, b"a piece", to=FAR, fragment=0x2001)) == ip(
        ICMP, b"a piece", to=FAR, fragment=0x2001, ttl=63
    )


@pytest.mark.parametrize(
    "packet",
    [
        ip(UDP, udp(53, b"a question"), to=FAR),
        ip(TCP, struct.pack(">HHIIBBHHH", 9, 53, 0, 0, 0x50, 2, 9, 0, 0), to=FAR),
        ip(UDP, b"\0", to=FAR),
        ip(UDP, udp(54, b"a question"), to=FAR, fragment=1),
        ip(UDP, udp(54, b"for no one"), to="10.2.0.1"),
        ip(UDP, udp(54, b"for all"), to="224.0.0.1"),
        ip(UDP, udp(54, b"from all"), source="224.0.0.1", to=FAR),
        ip(UDP, udp(54, b"for itself"), to="127.0.0.1"),
    ],
    ids=["UDP", "TCP", "no port", "fragment", "no way", "multicast", "from multicast", "loopback"],
)
def test_what_is_denied_or_has_no_way_does_not_pass(packet: bytes, networks: tuple[Peer, Peer]) -> None:
    lan, _wan = networks
    lan.send(ethernet(packet, to=LAN))
    assert through(networks, ip(UDP, udp(54, b"after it"), to=FAR)).endswith(b"after it")


def test_a_packet_at_its_last_hop_comes_back_as_a_complaint(networks: tuple[Peer, Peer]) -> None:
    lan, _wan = networks
    packet = ip(UDP, udp(54, b"a long way"), to=FAR, ttl=1)
    lan.send(ethernet(packet, to=LAN))
    complaint = lan.receive(lambda frame: frame[23] == ICMP and frame[34] == 11)
    assert complaint is not None
    assert complaint[26:30] == packed("10.0.0.2")
    assert complaint[42:] == packet[:28]
    assert frames.checksum(complaint[34:]) == 0


def test_the_router_itself_answers_pings_at_both_addresses(networks: tuple[Peer, Peer]) -> None:
    lan, _wan = networks
    for address in ("10.0.0.2", "10.1.0.2"):
        lan.send(ethernet(ip(ICMP, ping(3), to=address), to=LAN))
        answer = lan.receive(lambda frame: frame[34:] == ping(3, kind=0))
        assert answer is not None
        assert answer[26:30] == packed(address)


def test_a_router_with_one_interface_says_so(elf: Callable[[str], Path], tmp_path: Path) -> None:
    with Peer(tmp_path) as peer:
        argv = guests.qemu("x86_64", elf("x86_64") / "router.elf", "ip0=10.0.0.2/24", *peer.options())
        with guests.booted(argv) as guest:
            assert guest.ends() == (3, "too few network interfaces: 1\n")
