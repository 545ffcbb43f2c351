"""Exact counts: the first night with another number is a change, and nights of the same build never are."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from bootmatrix.statistics import counts
from bootmatrix.statistics.alarm import BEFORE

if TYPE_CHECKING:
    from collections.abc import Callable

NIGHTS, WINDOW = 1000, BEFORE + 10
COUNT = 1_204_331.0


def _exact(rng: random.Random) -> float:
    del rng
    return COUNT


def _noisy(rng: random.Random) -> float:
    return float(round(COUNT * rng.lognormvariate(0, 0.002)))


def _firmware(rng: random.Random) -> float:
    """What a clock that is read makes: now and then a little more."""
    return COUNT + 305 * (rng.random() < 1 / 3)


def _resent(rng: random.Random) -> float:
    """A guest that sends a packet again, every third night."""
    return COUNT * (1.01 if rng.random() < 1 / 3 else 1)


@pytest.mark.parametrize(("night", "known"), [(_exact, 0), (_noisy, 0), (_firmware, 0), (_resent, 5)])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_nights_of_one_build_raise_no_alarm(
    night: Callable[[random.Random], float], known: int, seed: int
) -> None:
    """`known` is the night from which on it shows that the numbers go to and fro."""
    rng = random.Random(seed)  # noqa: S311
    values = [night(rng) for _ in range(NIGHTS)]
    said = [at for at in range(known, NIGHTS) if counts.changed(values[max(0, at - WINDOW) : at + 1])]
    assert said == []


@pytest.mark.parametrize("nights", [2, 3, 5, 200])
@pytest.mark.parametrize("change", [0.001, -0.001, 0.02])
def test_a_change_of_a_thousandth_is_told_the_first_night(nights: int, change: float) -> None:
    found = counts.changed([COUNT] * nights + [COUNT * (1 + change)])
    assert found is not None
    assert (found.before, found.since, round(found.change, 6)) == (COUNT, nights, change)


def test_each_of_several_changes_is_told_once() -> None:
    values = [COUNT] * 10 + [COUNT * 1.01] * 10 + [COUNT * 1.02] + [COUNT * 1.03] * 10 + [COUNT * 1.01] * 10
    assert [at for at in range(1, len(values)) if counts.changed(values[: at + 1])] == [10, 20, 21, 31]


def test_a_change_of_what_has_noise_is_told_after_some_nights() -> None:
    rng = random.Random(2)  # noqa: S311
    values = [_resent(rng) for _ in range(60)] + [_resent(rng) * 1.03 for _ in range(10)]
    said = [at for at in range(10, len(values)) if counts.changed(values[: at + 1])]
    assert said[0] in range(63, 68)


def test_no_number_tonight_is_no_change() -> None:
    assert counts.changed([COUNT, COUNT * 2, None]) is None
    assert counts.changed([COUNT]) is None
    assert counts.changed([]) is None
