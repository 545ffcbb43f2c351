"""Things that never were, measured in turn on hosts that change: how often equal ones are told apart, others found."""

from __future__ import annotations

import bisect
import itertools
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.statistics.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    Host = Callable[[float], float]
    Kind = Callable[[random.Random], Host]

LONG = 4000  # boots that a host is simulated for, at least
MOST, UNTIL = 60, 0.02


def steady(_rng: random.Random) -> Host:
    return lambda _now: 1.0


def drifting(rng: random.Random) -> Host:
    """Up to a half slower or quicker over 60 boots, without an end."""
    pace = rng.uniform(-0.5, 0.5) / 60
    return lambda now: math.exp(max(-2.0, min(2.0, pace * now)))


def loaded(rng: random.Random) -> Host:
    """Another job of 3 to 30 boots now and then, that makes all 1.2 to 2 times slower."""
    load, length = rng.uniform(0.2, 1), rng.choice((3, 10, 30))
    ends = list(itertools.accumulate(rng.expovariate(1 / length) for _ in range(LONG)))
    return lambda now: 1 + load * (bisect.bisect(ends, now) % 2)


def waving(rng: random.Random) -> Host:
    """Slower and quicker at a steady pace, which may be that of a block."""
    length, high = rng.uniform(2, 100), rng.uniform(0.1, 0.5)
    return lambda now: 1 + high * math.sin(now / length * math.tau)


@dataclass(frozen=True)
class World:
    """`noise` of each boot as a standard deviation; the share `far` of the boots takes many times as long. A boot that
    follows one of the other side takes `switched` more, the first of all `cold` times as long.
    """

    words: str
    host: Kind = steady
    noise: float = 0.03
    far: float = 0.0
    switched: float = 0.0
    cold: float = 1.0


WORLDS = {
    "quiet": World("noise of 3% and nothing else"),
    "drift": World("a host that becomes up to a half slower or quicker in 60 boots", drifting),
    "load": World("another job now and then, which makes boots 1.2 to 2 times as long", loaded),
    "waves": World("a host that is slower and quicker at a steady pace", waving),
    "order": World("boots after one of the other side take 10% more", switched=0.1),
    "cold": World("the first boots take five times as long, and drift", drifting, cold=5),
    "outliers": World("5% of the boots take up to ten times as long", far=0.05),
    "all": World("all of these together", loaded, far=0.02, switched=0.05, cold=3),
}


@dataclass(frozen=True)
class Compared:
    """`apart`: the interval does not hold 0; `right`: it holds what is true."""

    apart: bool
    right: bool
    times: int
    half: float


def compared(world: World, seed: int, true: float = 0.0, most: int = MOST, until: float = UNTIL) -> Compared:
    """Two things of which the second takes `true` more, as `pair` holds them against each other."""
    rng = random.Random(f"{world.words} {seed} {true}")  # noqa: S311
    host, now, times, last = world.host(rng), 0.0, 0, 0
    turns = Turns(2, ("time",), until, most, str(seed))
    while order := turns.block():
        found = []
        for side in order:
            seconds = host(now) * rng.lognormvariate(0, world.noise) * (1 + true * side)
            seconds *= rng.uniform(1.5, 10) if rng.random() < world.far else 1
            seconds *= 1 + world.switched * (side != last)
            seconds *= 1 + (world.cold - 1) * math.exp(-times / 2)
            now, times, last = now + seconds, times + 1, side
            found.append({"time": seconds})
        turns.add(order, found)
    ratio = turns.ratio(1, "time")
    if ratio is None or ratio.low is None or ratio.high is None:
        return Compared(apart=False, right=True, times=times // 2, half=math.inf)
    return Compared(not ratio.low <= 0 <= ratio.high, ratio.low <= true <= ratio.high, times // 2, ratio.half)
