"""Who asks over a wire: what is done if the other end answers late, never, or nonsense."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import InfrastructureError
from bootmatrix.places import wire
from bootmatrix.places.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def given(there: Wire) -> None:
    with there.given():
        pass


def taken(there: Wire) -> None:
    with there.taken(0):
        pass


ASKED: dict[str, Callable[[Wire], object]] = {
    "give": given,
    "take": taken,
    "socket": lambda there: there.socket(socket.AF_INET, socket.SOCK_STREAM),
    "tap": lambda there: there.tap("tap100"),
    "netlink": lambda there: there.netlink(b""),
    "post": lambda there: there.post(b""),
    "held": lambda there: there.held(),
}


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("asked", ASKED)
def test_an_other_end_that_never_answers_is_given_up(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(wire, "SECONDS", 0.1)
    there, begun = Wire(pair[0], "test"), time.monotonic()
    with pytest.raises(InfrastructureError, match=r"the network of test .*: no answer"):
        ASKED[asked](there)
    assert time.monotonic() - begun < 30
    with pytest.raises(InfrastructureError, match="other end is gone"):  # a late answer is nobody's
        ASKED[asked](there)


@pytest.mark.parametrize("asked", ASKED)
def test_an_other_end_that_is_gone_is_told(pair: tuple[socket.socket, socket.socket], asked: str) -> None:
    pair[1].close()
    with pytest.raises(InfrastructureError, match="other end is gone"):
        ASKED[asked](Wire(pair[0], "test"))


LIES = (
    b"nonsense",
    b"ok ",
    b"ok x",
    b"ok -1",
    b"ok\0",
    b"ok 1 2",
    b"ok " + b"9" * 60_000,
    b"error",
    b"error x",
    b"error 12345",
    b"error 2",
)


@pytest.mark.parametrize("descriptors", [0, 1, 3])
@pytest.mark.parametrize("asked", ASKED)
def test_a_lie_is_an_error_and_its_descriptors_are_closed(
    pair: tuple[socket.socket, socket.socket], asked: str, descriptors: int
) -> None:
    there = Wire(pair[0], "test")
    sent, before = [pair[1].fileno()] * descriptors, set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for lie in LIES:
        if (asked, lie, descriptors) == ("netlink", b"ok\0", 0):
            continue  # an empty answer
        answering = threading.Thread(target=_answer, args=(pair[1], lie, sent))
        answering.start()
        with pytest.raises(InfrastructureError, match="the network of test"):
            ASKED[asked](there)
        answering.join()
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def _answer(end: socket.socket, said: bytes, descriptors: list[int]) -> None:
    end.recv(1 << 16)
    socket.send_fds(end, [said], descriptors)


def test_many_threads_have_each_its_own_answer(pair: tuple[socket.socket, socket.socket]) -> None:
    there = Wire(pair[0], "test")
    found: dict[int, int] = {}

    def serve() -> None:
        while asked := pair[1].recv(100):
            pair[1].send(b"ok " + asked.removeprefix(b"tap "))

    serving = threading.Thread(target=serve)
    threads = [threading.Thread(target=lambda n=n: found.update({n: there.tap(str(n))})) for n in range(50)]
    for each in (serving, *threads):
        each.start()
    for each in threads:
        each.join()
    there.close()
    serving.join()
    assert found == {n: n for n in range(50)}


def test_the_door_is_for_its_owner_alone_and_closed_when_one_has_come(tmp_path: Path) -> None:
    box = tmp_path / ("deep" * 50)
    box.mkdir()
    with wire.door(box) as door, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as caller:
        assert (box / wire.NAME).stat().st_mode & 0o777 == 0o600
        folder = os.open(box, os.O_PATH)
        caller.connect(f"/proc/self/fd/{folder}/{wire.NAME}")
        os.close(folder)
        door.opened("test").close()
    assert list(box.iterdir()) == []


def test_nobody_at_the_door_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SECONDS", 0.1)
    with wire.door(tmp_path) as door, pytest.raises(InfrastructureError, match="of test does not serve its network"):
        door.opened("test")


def test_one_that_is_gone_is_noticed_without_being_asked(pair: tuple[socket.socket, socket.socket]) -> None:
    there = Wire(pair[0], "test")
    there.check()
    pair[1].close()
    for _ in range(2):
        with pytest.raises(InfrastructureError, match="the network of test was ended from outside"):
            there.check()
        there.close()
