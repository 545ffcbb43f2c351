"""Soaks that never were: the memory of guests of which it is known whether they leak, sampled as a host samples it."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.model import Side
from bootmatrix.statistics import growth

if TYPE_CHECKING:
    from collections.abc import Callable

KIB, MIB, PAGE, HOUR = 1 << 10, 1 << 20, 4096, 3600.0
BOUND = MIB / HOUR
WARMUP = 60.0
MOST = 8192  # samples that a soak keeps
BASE = 16 * MIB


@dataclass(frozen=True)
class Guest:
    """`memory` makes what a guest of this kind has after so many seconds, in bytes; `leaks` is what is true of it."""

    words: str
    leaks: bool
    memory: Callable[[random.Random, float], Callable[[float], float]]


def _flat(rng: random.Random, _whole: float) -> Callable[[float], float]:
    return _plus(lambda _at: BASE, _wobble(rng))


def _saw_tooth(rng: random.Random, _whole: float) -> Callable[[float], float]:
    return _plus(_teeth(rng), _wobble(rng))


def _step(rng: random.Random, whole: float) -> Callable[[float], float]:
    when = rng.uniform(WARMUP, whole)
    return _plus(lambda at: BASE + 4 * MIB * (at >= when), _wobble(rng))


def _cache(rng: random.Random, _whole: float) -> Callable[[float], float]:
    """It fills within its first minutes, ever slower."""
    slow = rng.uniform(20, 60)
    return _plus(lambda at: BASE + 8 * MIB * (1 - math.exp(-at / slow)), _wobble(rng))


def _leak(rate: float) -> Callable[[random.Random, float], Callable[[float], float]]:
    return lambda rng, _whole: _plus(lambda at: BASE + rate * at, _wobble(rng))


def _hidden(rate: float) -> Callable[[random.Random, float], Callable[[float], float]]:
    return lambda rng, _whole: _plus(_teeth(rng), lambda at: rate * at, _wobble(rng))


GUESTS = {
    "flat": Guest("nothing grows", False, _flat),
    "saw-tooth": Guest("a collector's saw-tooth of 4 MiB in 15 to 25 s", False, _saw_tooth),
    "step": Guest("one step of 4 MiB, at any time", False, _step),
    "cache": Guest("a cache of 8 MiB that fills once", False, _cache),
    "1 MiB/s": Guest("a leak of 1 MiB/s", True, _leak(MIB)),
    "64 KiB/s": Guest("a leak of 64 KiB/s", True, _leak(64 * KIB)),
    "1 KiB/s": Guest("a leak of 1 KiB/s", True, _leak(KIB)),
    "64 KiB/s hidden": Guest("a leak of 64 KiB/s in such a saw-tooth", True, _hidden(64 * KIB)),
    "1 KiB/s hidden": Guest("a leak of 1 KiB/s in such a saw-tooth", True, _hidden(KIB)),
}


def sides(guest: Guest, seconds: float, seeds: range) -> Counter[str]:
    """How often soaks of such a guest, of so many seconds, lie on each side of the bound: one for each seed."""
    return Counter(_side(guest, seconds, random.Random(seed)) for seed in seeds)  # noqa: S311


def _side(guest: Guest, seconds: float, rng: random.Random) -> str:
    memory, apart = guest.memory(rng, seconds), max(1.0, seconds / MOST)
    at, times, values = WARMUP, list[float](), list[float]()
    while at < seconds:
        times.append(at)
        values.append(memory(at) // PAGE * PAGE)
        at += apart + rng.expovariate(100)  # a sample is late, now and then
    found = growth.slope(times, values)
    return found.side(BOUND) if found else Side.UNDECIDED


def _wobble(rng: random.Random) -> Callable[[float], float]:
    """What comes and goes with a load: each sample is mostly like the one before, 16 KiB off in the standard."""
    off = 0.0

    def next_one(_at: float) -> float:
        nonlocal off
        off = 0.9 * off + rng.gauss(0, 16 * KIB * 0.19**0.5)
        return off

    return next_one


def _teeth(rng: random.Random) -> Callable[[float], float]:
    began, ends = 0.0, rng.uniform(0, 25)

    def tooth(at: float) -> float:
        nonlocal began, ends
        while at >= ends:
            began, ends = ends, ends + rng.uniform(15, 25)
        return BASE + 4 * MIB * (at - began) / 20

    return tooth


def _plus(*each: Callable[[float], float]) -> Callable[[float], float]:
    return lambda at: sum(one(at) for one in each)
