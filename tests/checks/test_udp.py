"""A UDP check against real guests on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from checks.worlds import HOST, failed, made, passed, value, world

from bootmatrix.checks import trying
from bootmatrix.checks.check import Failed
from bootmatrix.checks.ends import Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answers = list[bytes]


@contextlib.contextmanager
def guest(answer: Callable[[int, bytes], Answers], behind: int = 0) -> Iterator[str]:
    """The port of one that answers the n-th datagram, from 1, with these. They go to who sent one before."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        port = sock.getsockname()[1]

        def serve() -> None:
            number, senders = 0, []
            while (item := sock.recvfrom(1 << 16))[0] != b"bye":
                number += 1
                senders.append(item[1])
                for each in answer(number, item[0]):
                    with contextlib.suppress(OSError):  # who asked may be gone
                        sock.sendto(each, senders[max(0, number - 1 - behind)])

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


LATE: dict[str, tuple[Callable[[int, bytes], Answers], int]] = {
    "answers that come too late": (lambda _number, data: [data], 3),
    "one that comes twice": (lambda number, data: [data] if number < 3 else [], 3),
}


@pytest.mark.parametrize(("answer", "lost"), LATE.values(), ids=LATE)
def test_an_answer_counts_for_no_other_datagram(
    answer: Callable[[int, bytes], Answers], lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All datagrams hold the same. The first is answered at once, others once the next was sent."""
    monkeypatch.setattr("bootmatrix.checks.udp.WAIT", 0.25)
    with guest(answer, behind=1) as port:
        what = failed(udp={"port": port, "send": "hi", "expect": "hi", "count": "4"})
    assert what == f"{HOST}:{port} did not answer {lost} of 4 datagrams (0 % may be lost)"


def test_a_port_that_is_closed_meanwhile_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        port = sock.getsockname()[1]

        def serve() -> None:
            sock.sendto(*sock.recvfrom(1 << 16))
            sock.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        what = failed(udp={"port": str(port), "send": "hi", "count": "9"}, within="1 min")
        thread.join(10)
    assert what.startswith(f"{HOST}:{port} did not answer ")
    assert what.endswith(" of 9 datagrams (0 % may be lost): the port is closed")


def test_stray_datagrams_without_end_cost_no_more_than_the_time() -> None:
    with guest(lambda _n, _data: [b"stray"] * 20_000) as port:
        began = time.monotonic()
        what = failed(udp={"port": port, "send": "hi", "expect": "hi"}, within="200 ms", retry="false")
        assert time.monotonic() - began < 30
    assert "'stray' came without 'hi'" in what


@pytest.mark.parametrize("count", ["1", "1000"])
def test_the_end_of_the_boot_ends_a_check_that_waits(count: str) -> None:
    where, asked = world(), threading.Event()

    def answer(number: int, data: bytes) -> Answers:
        if number < int(count) // 2:
            return [data]
        asked.set()
        return []

    def end() -> None:
        assert asked.wait(30)
        where.ends.end()

    ender = threading.Thread(target=end)
    ender.start()
    with guest(answer) as port, pytest.MonkeyPatch.context() as patch:
        patch.setattr("bootmatrix.checks.udp.WAIT", 3600.0)
        check = made(udp={"port": port, "send": "hi", "count": count}, within="1 h", retry="false")
        began = time.monotonic()
        with pytest.raises(Ended):
            trying.passed(check, "lan", HOST, where, time.monotonic)
        assert time.monotonic() - began < 30
    ender.join()


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
