"""Pings: real ones to a loopback of the test's own; and guests that answer as none may."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from checks.worlds import HOST, Apart, Connected, apart, failed, made, passed, value, world

from bootmatrix.checks import trying
from bootmatrix.checks.check import Failed
from bootmatrix.checks.ends import Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bootmatrix.checks.check import World


@pytest.fixture(scope="module")
def space() -> Iterator[Apart]:
    with apart() as found:
        yield found


def test_a_guest_answers(space: Apart) -> None:
    report = passed(world(socket=space.socket), ping=None)
    assert report.numbers.startswith("sent=1 received=1 lost=0% p50=0.0")


@pytest.mark.parametrize("size", ["0", "7", "8", "56", "65507"])
def test_pings_of_any_size_come_back_whole(space: Apart, size: str) -> None:
    report = passed(world(socket=space.socket), ping={"count": "20", "size": size, "interval": "0"})
    assert value(report, "received") == 20


def test_pings_keep_their_pace(space: Apart) -> None:
    report = passed(world(socket=space.socket), ping={"count": "5", "interval": "20 ms"})
    assert value(report, "seconds") >= 0.08


def test_a_flood_is_counted_beyond_the_last_sequence_number(space: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.ping.SEQUENCES", 16)
    report = passed(world(socket=space.socket), ping={"count": "10000", "flood": "true"}, within="5 min")
    assert (value(report, "sent"), value(report, "received"), value(report, "lost")) == (10_000, 10_000, 0)
    assert value(report, "rate") > 1000  # some 50,000 on a quiet machine


class Fake:
    """Answers the n-th echo request, from 1, with these datagrams."""

    def __init__(self, answer: Callable[[int, bytes], list[bytes]]) -> None:
        self.answer, self.number = answer, 0
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while data := self.theirs.recv(1 << 17):
            self.number += 1
            for each in self.answer(self.number, b"\0" + data[1:]):
                with contextlib.suppress(OSError):
                    self.theirs.send(each)

    def socket(self, network: str, family: int, kind: int, protocol: int) -> socket.socket:
        del network
        assert (family, kind, protocol) == (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
        return Connected(self.ours.dup())

    def close(self) -> None:
        self.ours.close()
        self.theirs.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.theirs.close()


@contextlib.contextmanager
def answering(answer: Callable[[int, bytes], list[bytes]]) -> Iterator[World]:
    guest = Fake(answer)
    try:
        yield world(socket=guest.socket)
    finally:
        guest.close()


WRONG = {
    "another sequence number": lambda reply: reply[:7] + bytes([reply[7] ^ 1]) + reply[8:],
    "other bytes": lambda reply: reply[:-1] + b"!",
    "fewer bytes": lambda reply: reply[:-1],
    "more bytes": lambda reply: reply + b"!",
    "no reply": lambda reply: b"\x08" + reply[1:],
    "no ping": lambda _reply: b"x",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_no_answer_never_counts(wrong: Callable[[bytes], bytes]) -> None:
    with answering(lambda _n, reply: [wrong(reply)]) as where:
        what = failed(where, ping=None, within="100 ms")
    assert what.startswith(f"{HOST} does not answer pings (")


def test_an_answer_counts_once() -> None:
    with answering(lambda _n, reply: [reply, reply]) as where:
        report = passed(where, ping={"count": "50", "interval": "0"})
    assert (value(report, "received"), value(report, "lost")) == (50, 0)


def test_lost_pings_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 0.25)
    with answering(lambda number, reply: [reply] if number % 4 else []) as where:
        options = {"count": "40", "interval": "0"}
        assert failed(where, ping=options) == f"{HOST} did not answer 10 of 40 pings (0 % may be lost)"
    with answering(lambda number, reply: [reply] if number % 4 else []) as where:
        assert value(passed(where, ping={**options, "loss": "25 %"}), "lost") == 25


def test_a_flood_goes_on_where_answers_fail_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 0.25)
    with answering(lambda number, reply: [reply] if number < 10 else []) as where:
        what = failed(where, ping={"count": "30", "flood": "true"})
    assert what == f"{HOST} did not answer 21 of 30 pings (0 % may be lost)"


def test_a_guest_that_answers_later_is_asked_again_and_the_series_begins_then() -> None:
    with answering(lambda number, reply: [reply] if number > 2 else []) as where:
        report = passed(where, ping={"count": "10", "interval": "0"})
    assert (value(report, "sent"), value(report, "received")) == (10, 10)


def test_a_late_answer_to_an_earlier_try_does_not_count() -> None:
    """The kernel would not even hand it over: each try has an identifier of its own."""
    kept: list[bytes] = []

    def answer(number: int, reply: bytes) -> list[bytes]:
        kept.append(reply)
        return kept[:1] if number > 1 else []

    with answering(answer) as where:
        report = passed(where, ping={"count": "1"})
    assert value(report, "received") == 1  # the first number of the new series, with the same bytes


def test_strays_without_end_cost_no_more_than_the_time() -> None:
    with answering(lambda _n, reply: [reply[:-1] + b"!"] * 20_000) as where:
        began = time.monotonic()
        what = failed(where, ping={"count": "5", "interval": "0"}, within="200 ms", retry="false")
        assert time.monotonic() - began < 20
        where.ends.end()  # so that the guest hears of it
    assert what.startswith(f"{HOST} does not answer pings")


def test_the_time_ends_a_series(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 60.0)
    with answering(lambda number, reply: [reply] if number < 4 else []) as where:
        what = failed(where, ping={"count": "5", "interval": "0"}, within="800 ms")
    assert what == f"{HOST} answered only 3 of 5 pings in time (1 try within 0.80 s)"


def test_the_end_of_the_boot_ends_a_ping_that_waits(space: Apart) -> None:
    where = world(socket=space.socket)
    check = made(ping={"count": "10", "interval": "5 min"}, within="1 h")
    ender = threading.Timer(0.05, where.ends.end)
    ender.start()
    began = time.monotonic()
    with pytest.raises(Ended):
        trying.passed(check, "lan", HOST, where, time.monotonic)
    assert time.monotonic() - began < 60
    ender.join()


def test_an_address_that_cannot_be_reached_is_told(space: Apart) -> None:
    with pytest.raises(Failed, match=r"^10\.9\.9\.9: Network is unreachable$"):
        trying.passed(made(ping=None, retry="false"), "lan", "10.9.9.9", world(socket=space.socket), time.monotonic)
