"""Guests with a network, frame by frame: what they answer, and that no frame stops them."""

from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st
from unikernels.frames import ARP, GUESTS, GUESTS_MAC, ICMP, MAC, OURS, TCP, UDP, Peer, ethernet, ip, ping, udp

from unikernels import frames, guests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.qemu
GATEWAY = "10.0.0.254"


@contextlib.contextmanager
def served(
    folder: Path, elf: Path, arch: str, name: str = "net", more: str = ""
) -> Iterator[tuple[Peer, guests.Guest]]:
    with Peer(folder) as peer:
        argv = guests.qemu(arch, elf / f"{name}.elf", f"ip={GUESTS}/24 gw={GATEWAY} {more}", *peer.options())
        with guests.booted(argv) as guest:
            guest.says("ready")
            yield peer, guest


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory, elf: Callable[[str], Path]) -> Iterator[Peer]:
    with served(tmp_path_factory.mktemp("net"), elf("x86_64"), "x86_64") as (peer, _guest):
        assert peer.pings(0)
        yield peer


@pytest.mark.parametrize("arch", guests.MACHINES)
def test_arp_pings_and_datagrams_are_answered_until_the_guest_is_told_to_quit(
    arch: str, elf: Callable[[str], Path], tmp_path: Path
) -> None:
    with served(tmp_path, elf(arch), arch) as (peer, guest):
        peer.send(ethernet(frames.arp(1, GUESTS), ARP, to=frames.EVERYONE))
        answer = peer.receive(lambda frame: frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2")
        assert answer is not None
        assert answer[22:32] == GUESTS_MAC + frames.packed(GUESTS)
        for number, size in enumerate([0, 1, 2, 100, 1472] * 20):
            assert peer.pings(number, bytes(i % 251 for i in range(size)))
        peer.send(ethernet(ip(UDP, udp(7, b"an echo"))))
        echo = peer.receive(lambda frame: frame[23] == UDP)
        assert echo is not None
        assert echo[34:] == frames.summed(UDP, struct.pack(">HHHH", 7, 5000, 15, 0) + b"an echo", 6, GUESTS, OURS)
        assert frames.checksum(echo[14:34]) == 0
        peer.send(ethernet(ip(UDP, udp(7, b"quit\n"))))
        status, console = guest.ends()
        assert "SUCCESS\n" in console
        assert status == 1 if arch == "x86_64" else console.endswith("EXIT: STATUS=1\n")


UNANSWERED = {
    "a wrong checksum of ICMP": ethernet(ip(ICMP, ping(1)[:3] + b"\x01" + ping(1)[4:])),
    "half an echo request": ethernet(ip(ICMP, ping(1)[:7])),
    "another's address": ethernet(ip(ICMP, ping(1), to="10.0.0.3")),
    "everyone's address": ethernet(ip(ICMP, ping(1), to="10.0.0.255")),
    "from everyone": ethernet(ip(ICMP, ping(1), source="255.255.255.255")),
    "from the guest's own address": ethernet(ip(ICMP, ping(1), source=GUESTS)),
    "a first fragment": ethernet(ip(ICMP, ping(1), fragment=0x2000)),
    "a later fragment": ethernet(ip(ICMP, ping(1), fragment=1)),
    "another's hardware address": ethernet(ip(ICMP, ping(1)), to=b"\x52\x54\x00\x00\x00\x03"),
    "a packet that was cut": ethernet(ip(ICMP, ping(1)))[:-1],
    "version 6": ethernet(b"\x65" + ip(ICMP, ping(1))[1:]),
    "a header of 16 bytes": ethernet(b"\x44" + ip(ICMP, ping(1))[1:]),
    "a datagram that was cut": ethernet(ip(UDP, udp(7, b"x")[:-1])),
    "a wrong checksum of UDP": ethernet(ip(UDP, udp(7, b"x")[:6] + b"\x12\x34x")),
    "an echo of an echo": ethernet(ip(UDP, udp(7, b"x", from_port=7))),
    "a port that is not open": ethernet(ip(UDP, udp(8, b"x"))),
    "a question after another": ethernet(frames.arp(1, "10.0.0.3"), ARP),
    "a question that was cut": ethernet(frames.arp(1, GUESTS)[:-1], ARP),
}


@pytest.mark.parametrize("what", UNANSWERED)
def test_what_is_broken_or_for_others_gets_no_answer(what: str, net: Peer) -> None:
    net.send(UNANSWERED[what])
    net.send(ethernet(ip(ICMP, ping(4711))))
    first = net.receive(lambda _frame: True)
    assert first is not None
    assert first[34:] == ping(4711, kind=0)


def test_padding_and_options_are_no_part_of_what_is_answered(net: Peer) -> None:
    head = bytearray(ip(ICMP, ping(9, b"data"))[:20] + b"\x01\x01\x01\x00")
    head[0], head[2:4], head[10:12] = 0x46, struct.pack(">H", 24 + 12), b"\0\0"
    head[10:12] = struct.pack(">H", frames.checksum(bytes(head)))
    net.send(ethernet(bytes(head) + ping(9, b"data") + b"padding"))
    answer = net.receive(lambda _frame: True)
    assert answer is not None
    assert answer[34:] == ping(9, b"data", 0)


def test_a_far_sender_is_answered_through_the_gateway(net: Peer) -> None:
    net.send(ethernet(ip(ICMP, ping(5), source="192.168.7.7")))
    question = net.receive(lambda frame: frame[12:14] == b"\x08\x06")
    assert question is not None
    assert question[38:42] == frames.packed(GATEWAY)
    net.send(ethernet(frames.arp(2, GUESTS, mac=GUESTS_MAC, sender=GATEWAY), ARP))
    answer = net.receive(lambda frame: frame[34:] == ping(5, kind=0))
    assert answer is not None
    assert answer[30:34] == frames.packed("192.168.7.7")


bytes_ = st.binary(max_size=80).filter(lambda data: not data.startswith(b"quit"))  # a guest would
garbage = st.one_of(
    st.binary(min_size=1, max_size=1514),
    st.builds(ethernet, bytes_, st.sampled_from([ARP, frames.IP, 0x86DD, 0x8100])),
    st.builds(ethernet, st.builds(ip, st.sampled_from([ICMP, TCP, UDP]), bytes_)),
    st.builds(ethernet, st.builds(ip, st.just(UDP), st.builds(udp, st.sampled_from([7, 0]), bytes_))),
    st.builds(lambda head, data: ethernet(head + ip(TCP, data)[1:]), st.binary(min_size=1, max_size=1), bytes_),
    st.builds(
        lambda length, data: ethernet(ip(UDP, data[:4] + struct.pack(">H", length) + data[6:])),
        st.integers(0, 0xFFFF),
        bytes_,
    ),
    st.builds(
        lambda words, flags, data: ethernet(
            ip(TCP, frames.summed(TCP, struct.pack(">HHIIBBHHH", 9, 80, 1, 1, words, flags, 9, 0, 0) + data, 16))
        ),
        st.integers(0, 255),
        st.integers(0, 255),
        bytes_,
    ),
)


@settings(max_examples=150, deadline=None)
@given(frame=garbage)
def test_a_guest_answers_after_any_frame(frame: bytes, net: Peer) -> None:
    net.send(frame)
    assert net.pings(0, b"still there")


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory, elf: Callable[[str], Path]) -> Iterator[Peer]:
    with served(tmp_path_factory.mktemp("http"), elf("x86_64"), "x86_64", "http") as (peer, _guest):
        yield peer


@settings(max_examples=150, deadline=None)
@given(frame=garbage)
def test_a_web_server_answers_after_any_frame(frame: bytes, http: Peer) -> None:
    http.send(frame)
    assert http.pings(0, b"still there")


def test_two_guests_talk_to_each_other(elf: Callable[[str], Path], tmp_path: Path) -> None:
    def boot(name: str, own: str, other: str, args: str) -> list[str]:
        wire = f"local.type=unix,local.path={tmp_path / own},remote.type=unix,remote.path={tmp_path / other}"
        mac = MAC if own == "a" else GUESTS_MAC
        options = ("-netdev", f"dgram,id=n,{wire}", "-device", f"virtio-net-pci,netdev=n,mac={mac.hex(':')}")
        return guests.qemu("x86_64", elf("x86_64") / f"{name}.elf", args, *options)

    server = boot("net", "a", "b", "ip=10.0.0.3/24")
    client = boot("echo-client", "b", "a", "ip=10.0.0.2/24 peer=10.0.0.3 count=100")
    with guests.booted(server) as first:
        first.says("ready")
        with guests.booted(client) as second:
            status, console = second.ends()
    assert status == 1, console
    assert "100 of 100 echoes came back\nSUCCESS\n" in console


def test_a_client_that_no_one_answers_fails(elf: Callable[[str], Path], tmp_path: Path) -> None:
    with Peer(tmp_path) as peer:
        args = "ip=10.0.0.2/24 peer=10.0.0.1 count=3 tries=1"
        with guests.booted(guests.qemu("x86_64", elf("x86_64") / "echo-client.elf", args, *peer.options())) as guest:
            status, console = guest.ends()
    assert status == 3
    assert "0 of 3 echoes came back\nFAILURE\n" in console


@pytest.mark.parametrize("args", ["", "ip=10.0.0.2.3", "ip=10.0.0.256/24", "ip=10.0.0.2/33", "ip=10.0.0", "ip=/24"])
def test_a_guest_without_an_address_says_what_it_wants(args: str, elf: Callable[[str], Path], tmp_path: Path) -> None:
    with Peer(tmp_path) as peer:
        argv = guests.qemu("x86_64", elf("x86_64") / "net.elf", args, *peer.options())
        with guests.booted(argv) as guest:
            status, console = guest.ends()
    assert status == 3
    assert "usage: ip=ADDRESS/PREFIX" in console


def test_a_guest_without_an_interface_says_so(elf: Callable[[str], Path]) -> None:
    with guests.booted(guests.qemu("x86_64", elf("x86_64") / "net.elf", "ip=10.0.0.2/24")) as guest:
        assert guest.ends() == (3, "too few network interfaces: 0\n")
