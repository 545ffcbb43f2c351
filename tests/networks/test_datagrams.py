"""Many datagrams by one call: on real sockets, in their order, with their lengths, who sent them and when."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import TYPE_CHECKING

import pytest

from bootmatrix.networks.datagrams import NAME, Incoming, Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
SO_TIMESTAMPNS = 35


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """One that is connected to the other."""
    with socket.socket(type=socket.SOCK_DGRAM) as ours, socket.socket(type=socket.SOCK_DGRAM) as theirs:
        theirs.bind((HOST, 0))
        ours.connect(theirs.getsockname())
        yield ours, theirs


def filled(count: int, size: int) -> Outgoing:
    made = Outgoing(count, size)
    for at in range(count):
        made.put(at, bytes([at]) * size)
    return made


def test_all_arrive_in_their_order(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    assert filled(8, 3).send(ours, 2, 7) == 5
    incoming = Incoming(16, 4)
    count = incoming.receive(theirs)
    assert incoming.contents(count) == [bytes([at]) * 3 for at in range(2, 7)]
    assert incoming.lengths(count) == [3] * 5


def test_no_more_than_there_is_room_for_are_taken_at_once(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    filled(8, 3).send(ours, 0, 8)
    incoming = Incoming(5, 3)
    found = [incoming.contents(incoming.receive(theirs)) for _ in range(2)]
    assert [[each[0] for each in some] for some in found] == [[0, 1, 2, 3, 4], [5, 6, 7]]


def test_a_byte_is_set_in_each(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    outgoing = filled(4, 3)
    outgoing.set(1, b"ab")
    assert outgoing.contents(3, 1) == [b"a\0", b"b\1", b"\2\2"]
    outgoing.send(ours, 0, 4)
    incoming = Incoming(4, 3)
    assert incoming.contents(incoming.receive(theirs)) == [b"\0a\0", b"\1b\1", b"\2\2\2", b"\3\3\3"]


def test_of_a_longer_one_is_taken_what_fits_and_its_length_told(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    for content in (b"longer", b"", b"abc"):
        ours.send(content)
    incoming = Incoming(4, 3)
    count = incoming.receive(theirs, socket.MSG_DONTWAIT | socket.MSG_TRUNC)
    assert (incoming.lengths(count), incoming.contents(count)) == ([6, 0, 3], [b"lon", b"", b"abc"])


def test_who_sent_them_and_when(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    before = time.time()
    filled(2, 3).send(ours, 0, 2)
    incoming = Incoming(4, 3)
    count = incoming.receive(theirs)
    assert [name[:2] + name[4:] for name in incoming.senders(count)] == [
        each[:2] + each[4:] for each in [NAME.pack(socket.AF_INET, socket.inet_aton(HOST))] * 2
    ]  # but for the port
    assert all(before - 1 < seconds + rest / 1e9 < time.time() + 1 for seconds, rest in incoming.times(count))


def test_one_without_a_name_does_not_get_that_of_another(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    ours.send(b"abc")
    incoming = Incoming(1, 3)
    assert incoming.senders(incoming.receive(theirs)) != [bytes(NAME.size)]
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        one.send(b"abc")
        assert incoming.senders(incoming.receive(other)) == [bytes(NAME.size)]


def test_errors_are_the_kernels(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    with pytest.raises(BlockingIOError):
        Incoming(4, 3).receive(theirs, socket.MSG_DONTWAIT)
    theirs.close()
    outgoing = filled(2, 3)
    assert outgoing.send(ours, 0, 1) == 1
    with pytest.raises(ConnectionRefusedError):
        outgoing.send(ours, 1, 2)
    with socket.socket(type=socket.SOCK_DGRAM) as alone, pytest.raises(OSError, match=os.strerror(errno.EDESTADDRREQ)):
        outgoing.send(alone, 0, 2)
