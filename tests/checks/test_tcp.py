"""A TCP check against real guests on loopback: well-behaved ones, slow ones, and those that send without end."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

import pytest
from checks.worlds import HOST, Guest, endlessly, failed, made, passed, plain, saying, value, world

from bootmatrix.checks import trying
from bootmatrix.checks.awaited import MOST
from bootmatrix.checks.check import Failed, Try
from bootmatrix.checks.ends import Ended
from bootmatrix.checks.link import connected


def echo(_guest: Guest, sock: socket.socket) -> None:
    """All of it, once the other side is closed."""
    data = b""
    while chunk := sock.recv(1 << 16):
        data += chunk
    sock.sendall(data)


def test_a_port_that_accepts_is_enough() -> None:
    with Guest(saying(b"")) as guest:
        report = passed(tcp={"port": guest.port})
    assert 0 < value(report, "connect") < 5


def test_what_is_expected_must_come_in_its_order() -> None:
    with Guest(saying(b"220 ready\r\n250 ok\r\n")) as guest:
        report = passed(tcp={"port": guest.port, "send": "EHLO\r\n", "expect": ["220", {"regex": r"^250 \w+$"}]})
        assert report.text == "220 ready\n250 ok\n"
        wrong = failed(tcp={"port": guest.port, "send": "EHLO\r\n", "expect": ["250", "220"]}, retry="false")
    assert wrong == f"{HOST}:{guest.port} closed the connection without having sent '220'; '220 ready 250 ok' came"


def test_our_side_can_be_closed_and_the_guests_must_be() -> None:
    with Guest(echo) as guest:
        options = {"port": guest.port, "send": "hello", "expect": "hello", "half_close": "true", "close": "true"}
        assert value(passed(tcp=options), "bytes") == 5


def test_a_guest_that_does_not_close_is_told() -> None:
    with Guest(Guest.hold) as guest:
        what = failed(tcp={"port": guest.port, "close": "true"}, within="100 ms")
    assert what.startswith(f"{HOST}:{guest.port} did not close the connection in time (1 try within 0.10 s)")


def test_a_port_that_listens_later_is_tried_again() -> None:
    with Guest(saying(b"hi"), listening=False) as guest:
        tries = []

        def opened(*given: Any) -> socket.socket:
            tries.append(given)
            if len(tries) == 3:
                guest.listen()
            return plain(*given)

        passed(world(socket=opened), tcp={"port": guest.port, "send": "x", "expect": "hi"})
    assert len(tries) == 3


@pytest.mark.parametrize(("retry", "tries"), [("false", ""), ("true", "tries within 0.10 s")])
def test_a_port_that_nobody_listens_on_refuses(retry: str, tries: str) -> None:
    with Guest(saying(b""), listening=False) as guest:
        what = failed(tcp=guest.port, within="100 ms", retry=retry)
    assert what.startswith(f"{HOST}:{guest.port} refuses connections")
    assert (tries in what, "(" in what) == (True, bool(tries))


SLOW = {
    "one that says nothing": (Guest.hold, "nothing came"),
    "one byte after the other": (lambda guest, sock: guest.drip(sock, b"no "), "'no"),
}


@pytest.mark.parametrize(("serve", "came"), SLOW.values(), ids=SLOW)
def test_a_slow_guest_costs_no_more_than_the_time_that_is_allowed(serve: Any, came: str) -> None:
    with Guest(serve) as guest:
        began = time.monotonic()
        what = failed(tcp={"port": guest.port, "send": "x", "expect": "yes"}, within="500 ms")
        took = time.monotonic() - began
    assert what.startswith(f"{HOST}:{guest.port} did not send 'yes' in time; {came}")
    assert 0.45 < took < 30


def test_a_guest_that_sends_without_end_costs_bounded_memory() -> None:
    with Guest(endlessly(b"x" * 1000)) as guest:
        what = failed(tcp={"port": guest.port, "send": "x", "expect": "yes"}, retry="false")
    assert what == f"more than {MOST >> 20} MiB came without 'yes'"


def test_a_guest_that_takes_nothing_is_told() -> None:
    with Guest(Guest.hold) as guest:
        what = failed(tcp={"port": guest.port, "send": "x" * (32 << 20)}, within="200 ms")
    assert what.startswith(f"{HOST}:{guest.port} did not take all that was sent in time")


def test_a_regular_expression_that_would_search_for_ever_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.patterns.SECONDS", 0.2)
    with Guest(saying(b"a" * 50 + b"b")) as guest:
        what = failed(tcp={"port": guest.port, "send": "x", "expect": {"regex": "(a|a)+(a+)+$"}}, within="10 min")
    assert "took more than" in what


def test_the_end_of_the_boot_ends_a_check_that_waits() -> None:
    asked, where = threading.Event(), world()

    def serve(guest: Guest, sock: socket.socket) -> None:
        sock.recv(10)
        asked.set()
        guest.hold(sock)

    def end() -> None:
        assert asked.wait(30)
        where.ends.end()

    with Guest(serve) as guest:
        ender = threading.Thread(target=end)
        ender.start()
        check = made(tcp={"port": guest.port, "send": "x", "expect": "yes"}, within="60 s")
        began = time.monotonic()
        with pytest.raises(Ended):
            trying.passed(check, "lan", HOST, where, time.monotonic)
        assert time.monotonic() - began < 10
        ender.join()


def test_what_came_before_the_end_of_the_boot_still_counts() -> None:
    """The guest answers, and is gone before the answer is read."""
    where = world()

    def serve(_guest: Guest, sock: socket.socket) -> None:
        sock.recv(10)
        sock.sendall(b"yes")
        where.ends.end()

    with Guest(serve) as guest:
        assert passed(where, tcp={"port": guest.port, "send": "x", "expect": "yes"}).text == "yes"


def test_nothing_is_opened_after_the_end_of_the_boot() -> None:
    where = world()
    where.ends.end()
    with pytest.raises(Ended):
        trying.passed(made(tcp="80"), "lan", HOST, where, time.monotonic)


@pytest.mark.parametrize(("patience", "late"), [(0.02, False), (60.0, True)])
def test_who_does_not_answer_is_late_if_there_was_no_more_time(patience: float, late: bool) -> None:
    """A listener whose queue is full: the kernel drops what asks for more."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind((HOST, 0))
        full.listen(0)
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        tried = Try(world(), "lan", HOST, time.monotonic() + (0.05 if late else 60), patience, again=True)
        with pytest.raises(Failed, match=r" does not answer$") as caught, connected(tried, *full.getsockname()):
            pass
    assert caught.value.late is late
