"""A check is tried until it passes or its time is over; with a clock that jumps, no test waits."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from checks.worlds import HOST, made, world

import bootmatrix.checks
from bootmatrix.checks import trying
from bootmatrix.checks.check import Failed, Late, Report, World, spread
from bootmatrix.checks.ends import Ended, Ends
from bootmatrix.matrix.keys.checks import OneCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.checks.check import Try


class Clock:
    """Goes on only where somebody waits, or says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


def world_of(clock: Clock) -> World:
    ends = Ends()
    ends.stop.wait = clock.wait  # type: ignore[method-assign,assignment]
    return world(ends=ends)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[Try], Clock, Callable[[], Report]]]:
    """Replaces the kind tcp by what is given; the tries so far, their clock, and what makes the check."""

    def given(ask: Callable[[Try, Clock], Report], **keys: str) -> tuple[list[Try], Clock, Callable[[], Report]]:
        tries: list[Try] = []
        clock = Clock()

        def recorded(_options: object, each: Try) -> Report:
            tries.append(each)
            return ask(each, clock)

        monkeypatch.setattr(importlib, "import_module", lambda _name: SimpleNamespace(ask=recorded))
        check, where = made(tcp="80", **keys), world_of(clock)
        return tries, clock, lambda: trying.passed(check, "lan", HOST, where, clock)

    return given


def never(_try: Try, _clock: Clock) -> Report:
    raise Failed("no")


def test_its_time_is_used_and_no_more(tried: Callable[..., tuple[list[Try], Clock, Callable[[], Report]]]) -> None:
    tries, clock, run = tried(never, within="3 s")
    with pytest.raises(Failed, match=r"no \(\d+ tries within 3.00 s\)") as caught:
        run()
    assert caught.value.late
    assert clock.now == pytest.approx(103, abs=0.01)
    assert {each.deadline for each in tries} == {103.0}
    assert [each.patience for each in tries[:4]] == pytest.approx([0.05, 0.075, 0.1125, 0.16875])


def test_one_try_has_all_of_the_time(tried: Callable[..., tuple[list[Try], Clock, Callable[[], Report]]]) -> None:
    tries, _, run = tried(never, within="3 s", retry="false")
    with pytest.raises(Failed, match=r"^no$"):
        run()
    assert [(each.patience, each.again) for each in tries] == [(3.0, False)]


def test_what_another_try_would_not_change_is_not_tried_again(
    tried: Callable[..., tuple[list[Try], Clock, Callable[[], Report]]],
) -> None:
    def final(_try: Try, _clock: Clock) -> Report:
        raise Failed("no", final=True)

    tries, _, run = tried(final)
    with pytest.raises(Failed, match=r"^no$"):
        run()
    assert len(tries) == 1


@pytest.mark.parametrize("late", [Late(), Failed("cut off", late=True)])
def test_an_earlier_try_says_more_than_one_that_was_cut_off(
    late: Exception, tried: Callable[..., tuple[list[Try], Clock, Callable[[], Report]]]
) -> None:
    def ask(_try: Try, clock: Clock) -> Report:
        if clock.now < 109.9:
            raise Failed("404")
        clock.now = 110.0
        raise late

    _, _, run = tried(ask)
    with pytest.raises(Failed, match=r"^404 \("):
        run()


def test_what_the_last_try_was_told_is_said_however_late_it_came(
    tried: Callable[..., tuple[list[Try], Clock, Callable[[], Report]]],
) -> None:
    """To look for a pattern in a large body takes its time, too."""

    def ask(_try: Try, clock: Clock) -> Report:
        if clock.now < 109.9:
            raise Failed("it refuses connections")
        clock.now = 110.2
        raise Failed("500")

    _, _, run = tried(ask)
    with pytest.raises(Failed, match=r"^500 \("):
        run()


def test_a_try_that_had_most_of_the_time_says_more_than_an_earlier_one(
    tried: Callable[..., tuple[list[Try], Clock, Callable[[], Report]]],
) -> None:
    def ask(_try: Try, clock: Clock) -> Report:
        if clock.now < 100.1:
            raise Failed("it is not up")
        clock.now = 110.0
        raise Failed("it is silent", late=True)

    _, _, run = tried(ask)
    with pytest.raises(Failed, match=r"^it is silent \(\d+ tries within 10 s\)"):
        run()


def test_a_busy_host_may_give_it_more_time() -> None:
    clock = Clock()
    with pytest.raises(Failed, match=r"within 2.00 s\)"):
        trying.passed(made(console={"send": "x"}, retry="true", within="1 s"), "", "", closed(clock), clock, 2.0)
    assert clock.now == pytest.approx(102, abs=0.02)


def closed(clock: Clock) -> World:
    """A world whose guest's console takes nothing."""

    def write(_line: bytes) -> int:
        raise BrokenPipeError

    where = world_of(clock)
    return World(where.interfaces, where.socket, where.run, write, ends=where.ends)


def test_the_end_of_the_boot_ends_the_pause_between_tries() -> None:
    where = world()

    def write(_line: bytes) -> int:
        where.ends.stop.set()
        raise Failed("no")

    ending = World(where.interfaces, where.socket, where.run, write, ends=where.ends)
    with pytest.raises(Ended):
        trying.passed(made(console={"send": "x"}, retry="true", within="1 h"), "", "", ending, Clock())


def test_each_kind_has_a_file_that_asks() -> None:
    for kind in OneCheck.kinds:
        assert callable(importlib.import_module(f"bootmatrix.checks.{kind}").ask)
    asking = {
        file.stem for file in Path(bootmatrix.checks.__path__[0]).glob("*.py") if "\ndef ask(" in file.read_text()
    }
    assert asking == set(OneCheck.kinds)


def test_percentiles() -> None:
    found = dict(spread([at / 1000 for at in range(100, 0, -1)]))
    assert found == {"p50": "0.051000", "p90": "0.091000", "p99": "0.100000", "max": "0.100000"}
    assert dict(spread([])) == {}
