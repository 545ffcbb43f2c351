from __future__ import annotations

import itertools
import random

import pytest
from screen.screens import Clock, unknown

from bootmatrix.screen.estimate import Estimate


def told(left: float | None) -> str:
    estimate = Estimate(lambda: left, Clock())
    estimate.ask()
    return estimate.text()


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (None, "no estimate yet"),
        (float("nan"), "no estimate yet"),
        (float("inf"), "no estimate yet"),
        (-5, "a few seconds left"),
        (3, "a few seconds left"),
        (12, "about 10 s left"),
        (62, "about 60 s left"),
        (88, "about 90 s left"),
        (100, "about 2 min left"),
        (200, "about 3 min left"),
        (1000, "about 15 min left"),
        (5000, "about 1 h 30 min left"),
        (40_000, "about 11 h left"),
    ],
)
def test_it_is_rounded_as_coarsely_as_it_is_far(left: float | None, words: str) -> None:
    assert told(left) == words


def test_an_answer_that_jumps_is_told_calmly() -> None:
    clock, chance, said = Clock(), random.Random(1), []  # noqa: S311
    end = clock.now + 300
    estimate = Estimate(lambda: (end - clock.now) * chance.uniform(0.6, 1.4), clock)
    while clock.now < end:
        estimate.ask()
        said.append(estimate.text())
        clock.now += 0.125
    changes = [said[0], *(after for before, after in itertools.pairwise(said) if before != after)]
    assert len(changes) < 20
    assert len(set(changes)) >= len(changes) - 2, "hardly any is told twice"


def test_it_is_asked_once_a_second() -> None:
    clock, asked = Clock(), []
    estimate = Estimate(lambda: asked.append(1) or 100.0, clock)  # type: ignore[func-returns-value]
    for _ in range(80):
        estimate.ask()
        clock.now += 0.125
    assert len(asked) == 10


def test_what_was_known_once_is_counted_down_while_nothing_more_is_known() -> None:
    clock, answers = Clock(), iter([300.0])
    estimate = Estimate(lambda: next(answers, None), clock)
    estimate.ask()
    assert estimate.text() == "about 5 min left"
    clock.now += 120
    estimate.ask()
    assert estimate.text() == "about 3 min left"


def test_a_run_that_takes_longer_than_told_is_told_so() -> None:
    clock = Clock()
    estimate = Estimate(lambda: 0.0, clock)
    estimate.ask()
    assert estimate.text() == "a few seconds left"
    clock.now += 30
    estimate.ask()
    assert estimate.text() == "longer than estimated"


def test_nothing_is_made_up() -> None:
    estimate = Estimate(unknown, Clock())
    assert estimate.text() == "no estimate yet"
