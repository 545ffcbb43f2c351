"""The web server's TCP, segment by segment: what a kernel's own never sends, or loses."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from unikernels.frames import GUESTS, TCP, Peer, ethernet, ip, summed

from unikernels import guests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.qemu
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
REQUEST = b"GET / HTTP/1.1\r\n\r\n"
SIZE = 5000
BODY = (b"Hello from bootmatrix\n" * SIZE)[:SIZE]
PORTS = itertools.count(2000)


@dataclass(frozen=True)
class Segment:
    sequence: int
    acknowledged: int
    flags: int
    window: int
    data: bytes


def parsed(frame: bytes) -> Segment:
    segment = frame[34 : 14 + int.from_bytes(frame[16:18], "big")]
    assert summed(TCP, segment[:16] + b"\0\0" + segment[18:], 16, GUESTS, "10.0.0.1") == segment
    _from, _to, sequence, acknowledged, words, flags, window = struct.unpack(">HHIIBBH", segment[:16])
    return Segment(sequence, acknowledged, flags, window, segment[words // 16 * 4 :])


@dataclass
class Client:
    """Our half of a connection, which does what it is told and nothing by itself."""

    peer: Peer
    port: int
    window: int = 65535
    next: int = 0xFFFFFF00  # so that it passes 2^32
    got: int = 0  # all before it was received
    page: bytes = field(default=b"")

    def send(self, flags: int, data: bytes = b"", options: bytes = b"", sequence: int | None = None) -> None:
        at = self.next if sequence is None else sequence
        words = (20 + len(options)) // 4 << 4
        head = struct.pack(">HHIIBBHHH", self.port, 80, at % 2**32, self.got, words, flags, self.window, 0, 0)
        self.peer.send(ethernet(ip(TCP, summed(TCP, head + options + data, 16))))

    def receive(self, seconds: float = guests.PATIENCE) -> Segment | None:
        to_us = struct.pack(">HH", 80, self.port)
        frame = self.peer.receive(lambda frame: frame[23] == TCP and frame[34:38] == to_us, seconds)
        return parsed(frame) if frame else None

    def expect(self, wanted: Callable[[Segment], bool] = lambda _segment: True) -> Segment:
        """The next segment that is wanted: a busy machine is answered twice, when it is slow to acknowledge."""
        while segment := self.receive():
            if wanted(segment):
                return segment
        raise AssertionError("the guest is silent")

    def is_next(self, segment: Segment) -> bool:
        return segment.sequence == self.got

    def open(self, options: bytes = b"") -> None:
        self.send(SYN, options=options)
        answer = self.expect()
        assert (answer.flags, answer.acknowledged) == (SYN | ACK, (self.next + 1) % 2**32)
        self.next += 1
        self.got = (answer.sequence + 1) % 2**32
        self.send(ACK)

    def ask(self, data: bytes = REQUEST) -> None:
        self.send(ACK | PSH, data)
        self.next += len(data)

    def take(self) -> Segment:
        """The next segment in order, which is acknowledged."""
        segment = self.expect(self.is_next)
        self.page += segment.data
        self.got = (self.got + len(segment.data) + bool(segment.flags & FIN)) % 2**32
        self.send(ACK)
        return segment

    def take_page(self) -> bytes:
        while len(self.page.partition(b"\r\n\r\n")[2]) < SIZE:
            self.take()
        return self.page


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory, elf: Callable[[str], Path]) -> Iterator[Peer]:
    with Peer(tmp_path_factory.mktemp("http")) as peer:
        args = f"ip={GUESTS}/24 size={SIZE}"
        argv = guests.qemu("x86_64", elf("x86_64") / "http.elf", args, *peer.options())
        with guests.booted(argv) as guest:
            guest.says("ready")
            yield peer


@pytest.fixture
def client(peer: Peer) -> Iterator[Client]:
    client = Client(peer, next(PORTS))
    yield client
    client.send(RST)


def mss(size: int) -> bytes:
    return struct.pack(">BBH", 2, 4, size)


@pytest.mark.parametrize("options", [b"", mss(100), b"\x01\x01" + mss(1) + b"\0\0", mss(1460), mss(9000)])
def test_no_segment_is_larger_than_the_peer_takes(options: bytes, client: Client) -> None:
    most = {b"": 536, mss(100): 100, mss(1460): 1460, mss(9000): 1460}.get(options, 1)
    client.open(options)
    client.ask()
    assert len(client.take().data) == most
    if most > 1:
        assert client.take_page().partition(b"\r\n\r\n")[2] == BODY


@pytest.mark.parametrize("options", [b"\x02\x00\0\0", b"\1\1\2\4", b"\x02\x04\0\0", b"\x05\xff\0\0", b"\x02\x03\1\0"])
def test_broken_options_count_as_none(options: bytes, client: Client) -> None:
    client.open(options)
    client.ask()
    assert len(client.expect().data) == 536


def test_no_more_is_on_its_way_than_the_window_takes(client: Client) -> None:
    client.window = 300
    client.open(mss(200))
    client.ask()
    first = client.expect()
    assert [len(first.data), len(client.expect().data)] == [200, 100]
    assert client.expect().sequence == first.sequence  # again, and nothing else before


def test_what_is_not_acknowledged_is_sent_again(client: Client) -> None:
    client.open(mss(1000))
    client.ask()
    lost = [client.expect() for _ in range(6)]
    assert [segment.data for segment in lost[:5]] != [b""] * 5
    again = client.expect()
    assert (again.sequence, again.data) == (lost[0].sequence, lost[0].data)
    client.got = lost[2].sequence  # two of them came
    client.page = lost[0].data + lost[1].data
    client.send(ACK)
    client.take()
    assert len(client.page) == 3000


def test_a_closed_window_is_asked_again_until_it_opens(client: Client) -> None:
    client.window = 0
    client.open(mss(1000))
    client.ask()
    assert client.expect().data == b""  # the request is acknowledged
    for _probe in range(2):
        assert client.expect().data == b"H"
        client.send(ACK)  # it does not fit
    client.window = 65535
    client.send(ACK)
    assert len(client.expect(lambda segment: segment.data != b"H").data) == 1000


def test_a_request_may_come_in_pieces_twice_and_with_gaps(client: Client) -> None:
    client.open(mss(1460))
    client.send(ACK, REQUEST[10:], sequence=client.next + 10)
    assert client.expect().acknowledged == client.next % 2**32
    client.ask(REQUEST[:5])
    assert client.expect().acknowledged == client.next % 2**32
    client.send(ACK, REQUEST[:5], sequence=client.next - 5)
    assert client.expect().acknowledged == client.next % 2**32
    client.send(ACK, REQUEST[3:], sequence=client.next - 2)
    client.next += len(REQUEST) - 5
    assert client.take_page().startswith(b"HTTP/1.1 200 OK\r\n")


def test_requests_on_one_connection_are_answered_one_after_the_other(client: Client) -> None:
    client.open(mss(1460))
    client.ask(REQUEST * 3)
    length = 0
    for _ in range(3):
        client.page = b""
        page = client.take_page()
        length = length or len(page)
        assert len(page) == length


def test_both_ends_close(client: Client) -> None:
    client.open(mss(1460))
    client.ask(b"GET / HTTP/1.0\r\n\r\n")
    while not client.take().flags & FIN:
        pass
    for _again in range(2):  # as if the answer had been lost
        client.send(FIN | ACK)
        client.expect(lambda segment: segment.acknowledged == (client.next + 1) % 2**32)


def test_a_lost_fin_is_sent_again(client: Client) -> None:
    client.open()
    client.send(FIN | ACK)
    first = client.expect()
    assert first.flags & FIN
    assert client.expect().sequence == first.sequence


def test_a_reset_counts_only_at_its_place(client: Client) -> None:
    client.open(mss(1460))
    client.send(RST, sequence=client.next + 1)
    client.ask()
    assert client.take_page()
    client.send(RST)
    client.send(ACK)
    client.expect(lambda segment: segment.flags == RST)


@pytest.mark.parametrize("flags", [ACK, FIN | ACK, SYN | ACK])
def test_a_segment_of_no_connection_is_reset(flags: int, client: Client) -> None:
    client.got = 12345
    client.send(flags)
    answer = client.expect()
    assert (answer.flags, answer.sequence) == (RST, 12345)


def test_another_port_is_closed(client: Client) -> None:
    head = struct.pack(">HHIIBBHHH", client.port, 81, 77, 0, 0x50, SYN, 9, 0, 0)
    client.peer.send(ethernet(ip(TCP, summed(TCP, head, 16))))
    frame = client.peer.receive(lambda frame: frame[23] == TCP and frame[34:36] == struct.pack(">H", 81))
    assert frame is not None
    assert (parsed(frame).flags, parsed(frame).acknowledged) == (RST | ACK, 78)


def test_half_open_connections_keep_no_one_out(client: Client) -> None:
    for number in range(40):
        Client(client.peer, 61000 + number).send(SYN)
    for _try in range(20):
        client.send(SYN)
        if answer := client.receive(0.2):
            break
    assert answer is not None


def test_a_header_that_never_ends_is_refused(client: Client) -> None:
    client.open(mss(1460))
    client.ask(b"GET / HTTP/1.1\r\nX: " + b"x" * 1000)
    client.expect()
    client.ask(b"x" * 1200)
    answer = client.expect(lambda segment: segment.data != b"")
    assert answer.data.startswith(b"HTTP/1.1 431 ")
    assert answer.flags & FIN
