"""Pings: real ones to a loopback of the test's own; and guests that answer as none may."""

from __future__ import annotations

import itertools
import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from checks.pinged import GUEST, OTHER, OURS, Wire, framed, wire
from checks.worlds import HOST, Apart, apart, made, passed, value, world

from bootmatrix.checks import trying
from bootmatrix.checks.check import Failed
from bootmatrix.checks.ends import Ended
from bootmatrix.checks.ping import FEW, flood

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checks.pinged import Ping

    from bootmatrix.checks.check import Report, World


@pytest.fixture(scope="module")
def space() -> Iterator[Apart]:
    with apart() as found:
        yield found


@pytest.fixture(scope="module")
def theirs() -> Iterator[Wire]:
    with wire() as found:
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
    monkeypatch.setattr("bootmatrix.checks.echoes.SEQUENCES", 256)
    report = passed(world(socket=space.socket), ping={"count": "10000", "flood": "true"}, within="5 min")
    assert (value(report, "sent"), value(report, "received"), value(report, "lost")) == (10_000, 10_000, 0)
    assert value(report, "rate") > 1000  # some 50,000 on a quiet machine


@pytest.mark.parametrize("answered", [1, 2, 5, 16])
def test_the_last_of_a_flood_is_alone(answered: int) -> None:
    flying, left, most = 0, 100, 0
    while left:
        if sent := flood(flying, left):
            flying, left = flying + sent, left - sent
            most = max(most, flying)
        else:
            flying = max(0, flying - answered)
        assert flying <= left + 1
    assert (flying, most) == (1, FEW)


def told(where: World, **options: str) -> Report:
    """What a series of pings to the guest at the other end of the wire comes to."""
    return trying.passed(made(ping=options), "lan", GUEST, where, time.monotonic)


def fails(where: World, **keys: Any) -> str:
    with pytest.raises(Failed) as caught:
        trying.passed(made(**keys), "lan", GUEST, where, time.monotonic)
    return str(caught.value)


WRONG: dict[str, Callable[[Ping], bytes]] = {
    "another sequence number": lambda ping: ping.answered(sequence=1),
    "another identifier": lambda ping: ping.answered(more=1),
    "other bytes": lambda ping: ping.answered(content=ping.content[:-1] + b"!"),
    "fewer bytes": lambda ping: ping.answered(content=ping.content[:-1]),
    "more bytes": lambda ping: ping.answered(content=ping.content + b"!"),
    "another address": lambda ping: ping.answered(source=OTHER),
    "our own address": lambda ping: ping.answered(source=OURS),
    "a request": lambda ping: ping.answered(kind=8),
    "unreachable": lambda ping: ping.answered(kind=3),
    "an extended reply": lambda ping: ping.answered(kind=43),
    "a wrong checksum": lambda ping: ping.answered()[:-1] + b"!",
    "a truncated packet": lambda ping: ping.answered()[:-1],
    "no message": lambda _ping: framed(b"", GUEST),
    "half a header": lambda _ping: framed(b"\0\0\xff\xff", GUEST),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside right ones"])
def test_what_is_no_answer_never_counts(wrong: Callable[[Ping], bytes], beside: bool, theirs: Wire) -> None:
    """Nor does it take the place of one: among the right answers it changes nothing."""
    if beside:
        with theirs.answering(lambda _n, ping: [wrong(ping), ping.answered(), wrong(ping)]) as where:
            report = told(where, count="100", flood="true")
        assert (value(report, "sent"), value(report, "received"), value(report, "lost")) == (100, 100, 0)
        return
    with theirs.answering(lambda _n, ping: [wrong(ping)]) as where:
        what = fails(where, ping=None, within="100 ms")
    assert re.match(rf"{GUEST} does not answer pings(; \d+ messages? came besides that answered none)? \(", what)


@pytest.mark.parametrize("pace", [{"interval": "0"}, {"flood": "true"}], ids=["at once", "flood"])
def test_an_answer_counts_once(pace: dict[str, str], theirs: Wire) -> None:
    with theirs.answering(lambda _n, ping: [ping.answered()] * 3) as where:
        report = told(where, count="50", **pace)
    assert (value(report, "sent"), value(report, "received"), value(report, "lost")) == (50, 50, 0)


def test_answers_in_another_order_count(theirs: Wire) -> None:
    kept: list[bytes] = []

    def answer(number: int, ping: Ping) -> list[bytes]:
        kept.append(ping.answered())
        return [kept.pop() for _ in range(len(kept))] if number == 1 or not number % 5 else []

    with theirs.answering(answer) as where:
        report = told(where, count="200", flood="true")
    assert (value(report, "received"), value(report, "lost")) == (200, 0)


def test_lost_pings_are_told(theirs: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 1.0)
    options = {"count": "40", "interval": "0"}
    with theirs.answering(lambda number, ping: [ping.answered()] if number % 4 else []) as where:
        assert fails(where, ping=options) == f"{GUEST} did not answer 10 of 40 pings (0 % may be lost)"
    with theirs.answering(lambda number, ping: [ping.answered()] if number % 4 else []) as where:
        assert value(told(where, **options, loss="25 %"), "lost") == 25


def test_a_flood_goes_on_where_answers_fail_to_come(theirs: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 0.25)
    with theirs.answering(lambda number, ping: [ping.answered()] if number < 10 else []) as where:
        what = fails(where, ping={"count": "40", "flood": "true"})
    assert what == f"{GUEST} did not answer 31 of 40 pings (0 % may be lost)"


@pytest.mark.parametrize("pace", [{"interval": "10 ms"}, {"flood": "true"}], ids=["interval", "flood"])
def test_strays_hide_no_loss(pace: dict[str, str], theirs: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest that goes on sending what is no answer: its losses are told as soon as without that."""
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 0.25)
    with theirs.answering(straying) as where:
        what = fails(where, ping={"count": "200", **pace}, within="20 s")
    assert what.startswith(f"{GUEST} did not answer 191 of 200 pings (0 % may be lost); ")
    assert what.endswith(" messages came besides that answered none")


def straying(number: int, ping: Ping) -> Iterator[bytes]:
    """An answer to the first ones, and then that of one of them again and again."""
    if number < 10:
        yield ping.answered()
    else:
        yield from itertools.repeat(ping.answered(sequence=-1))


def test_an_answer_that_comes_too_late_is_none(theirs: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also among others that come in time."""
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 0.25)
    kept: list[tuple[float, bytes]] = []

    def answer(number: int, ping: Ping) -> Iterator[bytes]:
        if number == 2:
            kept.append((time.monotonic(), ping.answered()))
            return
        yield ping.answered()
        if kept and time.monotonic() > kept[0][0] + 0.5:
            yield kept.pop()[1]

    with theirs.answering(answer) as where:
        what = fails(where, ping={"count": "40000", "flood": "true"}, within="2 min")
    assert not kept
    assert what.startswith(f"{GUEST} did not answer 1 of 40,000 pings (0 % may be lost); 1 message came")


UNREACHABLE = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]  # codes of RFC 792 and 1122


@pytest.mark.parametrize("kind", [3, 11, 12], ids=["unreachable", "exceeded", "problem"])
def test_what_a_guest_says_is_unreachable_begins_no_series_anew(
    kind: int, theirs: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 0.25)
    for code in UNREACHABLE if kind == 3 else [0, 1]:

        def answer(number: int, ping: Ping, code: int = code) -> list[bytes]:
            return [ping.answered()] if number != 5 else [ping.refused(kind, code)]

        with theirs.answering(answer) as where:
            what = fails(where, ping={"count": "10", "interval": "0"}, within="20 s")
        assert what == f"{GUEST} did not answer 1 of 10 pings (0 % may be lost)", code


def test_a_guest_that_answers_later_is_asked_again_and_the_series_begins_then(theirs: Wire) -> None:
    with theirs.answering(lambda number, ping: [ping.answered()] if number > 2 else []) as where:
        report = told(where, count="10", interval="0")
    assert (value(report, "sent"), value(report, "received")) == (10, 10)


def test_a_late_answer_to_an_earlier_try_does_not_count(theirs: Wire) -> None:
    """Each try has an identifier of its own."""
    kept: list[bytes] = []

    def answer(number: int, ping: Ping) -> list[bytes]:
        kept.append(ping.answered())
        return kept[:1] if number == 2 else kept[-1:] if number > 2 else []

    with theirs.answering(answer) as where:
        report = told(where, count="1")
    assert value(report, "received") == 1
    assert len(kept) == 3


def test_strays_without_end_cost_no_more_than_the_time(theirs: Wire) -> None:
    with theirs.answering(lambda _n, ping: [ping.answered(content=b"!" * 56)] * 200_000) as where:
        began = time.monotonic()
        what = fails(where, ping={"count": "5", "flood": "true"}, within="200 ms", retry="false")
        assert time.monotonic() - began < 20
    assert what.startswith(f"{GUEST} does not answer pings")


def test_the_time_ends_a_series(theirs: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 60.0)
    with theirs.answering(lambda number, ping: [ping.answered()] if number < 4 else []) as where:
        what = fails(where, ping={"count": "5", "interval": "0"}, within="800 ms")
    assert what == f"{GUEST} answered only 3 of 5 pings in time (1 try within 0.80 s)"


def test_who_is_not_there_is_told(theirs: Wire) -> None:
    """The kernel asks for its address in vain, and says so at the socket."""
    with theirs.answering(lambda _n, _ping: []) as where, pytest.raises(Failed, match=f"^{OTHER} does not answer"):
        trying.passed(made(ping=None, within="200 ms"), "lan", OTHER, where, time.monotonic)


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


def test_an_answer_that_is_lost_is_a_late_one(theirs: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a boot that was starved of processor time is tried again."""
    monkeypatch.setattr("bootmatrix.checks.ping.WAIT", 0.25)
    with (
        theirs.answering(lambda number, ping: [ping.answered()] if number < 4 else []) as where,
        pytest.raises(Failed, match="did not answer") as caught,
    ):
        trying.passed(made(ping={"count": "4", "interval": "0"}), "lan", GUEST, where, time.monotonic)
    assert caught.value.late


@pytest.mark.parametrize(("last", "loss", "good"), [(100, "1 %", True), (100, "0", False), (60, "90 %", False)])
def test_of_a_guest_that_ends_without_its_last_answers_so_many_may_be_lost(
    last: int, loss: str, good: bool, theirs: Wire
) -> None:
    """But none of those that were still to be sent."""
    here: list[World] = []

    def answer(number: int, ping: Ping) -> list[bytes]:
        if number < last:
            return [ping.answered()]
        here[0].ends.end()
        return []

    with theirs.answering(answer) as where:
        here.append(where)
        if good:
            assert value(told(where, count="100", flood="true", loss=loss), "lost") == 1
            return
        with pytest.raises(Ended):
            told(where, count="100", flood="true", loss=loss)


def test_an_address_that_cannot_be_reached_is_told(space: Apart) -> None:
    with pytest.raises(Failed, match=r"^10\.9\.9\.9: Network is unreachable$"):
        trying.passed(made(ping=None, retry="false"), "lan", "10.9.9.9", world(socket=space.socket), time.monotonic)
