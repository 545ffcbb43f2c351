"""Nights that never were: boot times with noise as machines have it, with and without a change."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.statistics.alarm import alarm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WINDOW = 100  # nights that are looked back
BEFORE, AFTER = 110, 40  # nights around a change
STEP = 1.1


@dataclass(frozen=True)
class Noise:
    """`make` gives the boot times of so many nights, around 1; `grain` is the step of the clock."""

    words: str
    make: Callable[[random.Random, int], list[float]]
    grain: float = 0.0

    def rounded(self, values: Sequence[float]) -> list[float]:
        return [round(value / self.grain) * self.grain for value in values] if self.grain else list(values)


def _normal(spread: float) -> Callable[[random.Random, int], list[float]]:
    return lambda rng, count: [rng.lognormvariate(0, spread) for _ in range(count)]


def _outliers(rng: random.Random, count: int) -> list[float]:
    return [
        rng.lognormvariate(0, 0.02) * (rng.uniform(1.5, 3) if rng.random() < 0.05 else 1)  # noqa: PLR2004
        for _ in range(count)
    ]


def _hosts(rng: random.Random, count: int) -> list[float]:
    return [rng.lognormvariate(0, 0.01) * rng.choice((1, 1.08)) for _ in range(count)]


def _alike(rng: random.Random, count: int) -> list[float]:
    """Each night half like the one before; 3% in all."""
    off, values = rng.gauss(0, 0.03), []
    for _ in range(count):
        values.append(1 + off)
        off = 0.5 * off + rng.gauss(0, 0.03 * 0.75**0.5)
    return values


NOISES = {
    "2%": Noise("lognormal noise of 2%", _normal(0.02)),
    "3%": Noise("lognormal noise of 3%", _normal(0.03)),
    "5%": Noise("lognormal noise of 5%", _normal(0.05)),
    "outliers": Noise("2%, and 5% of the nights are 1.5 to 3 times as slow", _outliers),
    "hosts": Noise("1%, on either of two hosts that are 8% apart", _hosts),
    "alike": Noise("3%, each night half like the one before", _alike),
    "coarse": Noise("2% of 20 ms, measured in steps of 1 ms", _normal(0.02), 0.05),
    "coarser": Noise("3% of 4 ms, measured in steps of 1 ms", _normal(0.03), 0.25),
}


@dataclass(frozen=True)
class Counted:
    """Nights with an alarm, and alarms: one for nights in a row; for 100 nights of 100 tests."""

    nights: float
    alarms: float


def quiet(noise: Noise, tests: int, nights: int, seed: int) -> Counted:
    """Nothing ever changes: all alarms are false."""
    rng = random.Random(seed)  # noqa: S311
    total = alarms = 0
    for _ in range(tests):
        series, before = noise.rounded(noise.make(rng, nights)), False
        for last in range(1, nights + 1):
            now = alarm(series[max(0, last - WINDOW) : last]) is not None
            total, alarms, before = total + now, alarms + (now and not before), now
    each = 10_000 / (tests * nights)
    return Counted(total * each, alarms * each)


def found(noise: Noise, series: int, seed: int) -> list[int]:
    """In which night each of so many changes of 10% is found, sorted; the first with it is 1, AFTER + 1 means never."""
    rng = random.Random(seed)  # noqa: S311
    return sorted(_night(_changed(noise, rng)) for _ in range(series))


def _changed(noise: Noise, rng: random.Random) -> list[float]:
    made = noise.make(rng, BEFORE + AFTER)
    return noise.rounded([*made[:BEFORE], *(value * STEP for value in made[BEFORE:])])


def _night(values: Sequence[float]) -> int:
    for night in range(1, AFTER + 1):
        last = BEFORE + night
        told = alarm(values[last - WINDOW : last])
        if told and told.change > 0:
            return night
    return AFTER + 1
