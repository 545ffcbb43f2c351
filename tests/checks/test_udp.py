"""A UDP check against real guests on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from checks.worlds import HOST, Connected, failed, made, passed, value, world

from bootmatrix.checks import trying
from bootmatrix.checks.check import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answers = list[bytes]


@contextlib.contextmanager
def guest(answer: Callable[[int, bytes], Answers]) -> Iterator[str]:
    """The port of one that answers the n-th datagram, from 1, with these."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        port = sock.getsockname()[1]

        def serve() -> None:
            number = 0
            while (item := sock.recvfrom(1 << 16))[0] != b"bye":
                number += 1
                for each in answer(number, item[0]):
                    with contextlib.suppress(OSError):  # who asked may be gone
                        sock.sendto(each, item[1])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield str(port)
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"bye", (HOST, port))
            thread.join(10)


def test_each_datagram_is_answered() -> None:
    with guest(lambda _n, data: [data]) as port:
        report = passed(udp={"port": port, "send": "hi", "expect": "hi", "count": "200"})
    assert (value(report, "sent"), value(report, "received"), value(report, "lost")) == (200, 200, 0)
    assert 0 < value(report, "p50") <= value(report, "max")


def test_any_answer_will_do_where_nothing_is_expected_an_empty_one_too() -> None:
    with guest(lambda _n, _data: [b""]) as port:
        assert value(passed(udp=port), "received") == 1


def test_none_must_come_where_none_is_awaited() -> None:
    with guest(lambda _n, _data: []) as port:
        assert "received=0" in passed(udp={"port": port, "answer": "false", "count": "3"}).numbers


def test_a_first_datagram_that_is_lost_is_sent_again() -> None:
    with guest(lambda number, data: [data] if number > 2 else []) as port:
        assert value(passed(udp={"port": port, "send": "hi", "expect": "hi"}), "received") == 1


def test_a_wrong_answer_is_told() -> None:
    with guest(lambda _n, _data: [b"ho"]) as port:
        what = failed(udp={"port": port, "send": "hi", "expect": "hi"}, within="100 ms")
    assert what.startswith(f"{HOST}:{port} did not answer: 'ho' came without 'hi' (")


def test_what_came_unasked_is_no_answer() -> None:
    """The first datagram is answered twice: the second answer does not count for the second datagram."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with theirs:
        theirs.send(b"hi")
        theirs.send(b"hi")
        where = world(socket=lambda *_: Connected(ours))
        what = failed(where, udp={"port": "7", "send": "hi", "expect": "hi", "count": "2"}, within="200 ms")
    assert what.startswith(f"{HOST}:7 answered only 1 of 2 datagrams in time")


def test_stray_datagrams_without_end_cost_no_more_than_the_time() -> None:
    with guest(lambda _n, _data: [b"stray"] * 20_000) as port:
        began = time.monotonic()
        what = failed(udp={"port": port, "send": "hi", "expect": "hi"}, within="200 ms", retry="false")
        assert time.monotonic() - began < 30
    assert "'stray' came without 'hi'" in what


def test_a_closed_port_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        port = sock.getsockname()[1]
    what = failed(udp={"port": str(port)}, within="100 ms")
    assert what.startswith(f"{HOST}:{port} did not answer: the port is closed (")


def test_an_answer_that_is_lost_is_a_late_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a boot that was starved of processor time is tried again."""
    monkeypatch.setattr("bootmatrix.checks.udp.WAIT", 0.25)
    with guest(lambda number, data: [data] if number < 4 else []) as port:
        check = made(udp={"port": port, "send": "hi", "count": "4"})
        with pytest.raises(Failed, match="did not answer") as caught:
            trying.passed(check, "lan", HOST, world(), time.monotonic)
    assert caught.value.late


@pytest.mark.parametrize(("loss", "passes"), [("25 %", True), ("24 %", False)])
def test_a_share_may_be_lost(loss: str, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.udp.WAIT", 1.0)
    with guest(lambda number, data: [data] if number % 4 else []) as port:
        options = {"port": port, "send": "hi", "count": "8", "loss": loss}
        if passes:
            assert value(passed(udp=options), "lost") == 25
        else:
            assert failed(udp=options) == f"{HOST}:{port} did not answer 2 of 8 datagrams (24 % may be lost)"
