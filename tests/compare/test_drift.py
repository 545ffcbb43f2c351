"""How often a comparison is wrong on a host whose speed changes: simulated, with the schedule that really is used.

Two builds are booted by the board, in turn and not, while the host becomes slower and quicker by 20 to 50%.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import math
import random
from typing import TYPE_CHECKING

import pytest
from histories import point

from bootmatrix.compare import judge, pairs
from bootmatrix.compare.shift import APART
from bootmatrix.model import Measure
from bootmatrix.places.hosts import HERE
from bootmatrix.schedule import partners
from bootmatrix.schedule.board import Board
from bootmatrix.schedule.capacity import Capacity
from bootmatrix.schedule.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bootmatrix.compare.judge import Comparison
    from bootmatrix.history.point import Point

    Host = Callable[[float], float]
    Kind = Callable[[random.Random], Host]

SIDES = ("4.14", "5.3")
ROUNDS = 60  # comparisons of each kind
NOISE = 0.03


def stepping(rng: random.Random) -> Host:
    """Something else loads the host now and then: for 1 to 40 boots, by 20 to 50%."""
    load = rng.uniform(0.2, 0.5)
    ends = list(itertools.accumulate(rng.uniform(1, 40) for _ in range(400)))

    return lambda now: 1 + load * (bisect.bisect(ends, now) % 2)


def once(rng: random.Random) -> Host:
    """Slower, or quicker, from one moment on."""
    load, at = rng.choice([-1, 1]) * rng.uniform(0.2, 0.33), rng.uniform(10, 40)
    return lambda now: 1 + load * (now > at)


def drifting(rng: random.Random) -> Host:
    """Warmer and warmer: 20 to 50% over some hundred boots, or in waves."""
    load, length, wave = rng.uniform(0.2, 0.5), rng.uniform(20, 200), rng.random() < 0.5
    if wave:
        return lambda now: 1 + load * (1 + math.sin(now / length * math.tau)) / 2
    return lambda now: 1 + load * min(1.0, now / length)


HOSTS = [stepping, once, drifting]


def a_run(
    name: str, rng: random.Random, host: Host, ratio: float, tests: int, jobs: int, *, in_turn: bool
) -> Iterator[Point]:
    """Each test with both builds, a second each on an idle host but for noise; the second build takes `ratio` times."""
    boots = [(ocaml, number) for ocaml in SIDES for number in range(tests)]
    places = partners.in_turn([number for _, number in boots], name)
    order = [place.order for place in places] if in_turn else range(len(boots))
    tasks = [Task(str(n), lambda: None, lambda _: None, seconds=1.0, order=at) for n, at in enumerate(order)]
    board, now = Board(tasks, {HERE.name: Capacity(jobs, 1, jobs)}), 0.0
    running: list[tuple[float, str, Task]] = []
    begun: dict[str, float] = {}
    while board.waiting or running:
        while task := board.take():
            ocaml, number = boots[int(task.key)]
            seconds = (1 + number % 3) * host(now) * rng.lognormvariate(0, NOISE) * (ratio if ocaml == SIDES[1] else 1)
            heapq.heappush(running, (now + seconds, task.key, task))
            begun[task.key] = now
        now, key, ended = heapq.heappop(running)
        assert list(board.finished(ended)) == []
        ocaml, number = boots[int(key)]
        measures = (Measure("boot_time", now - begun[key], "s", "lower"),)
        values, span = {"ocaml": ocaml}, (begun[key], now)
        yield point(name, "P", f"t{number}", cell=f"gcc-{ocaml}", values=values, measures=measures, span=span)


def compared(
    seed: int, kind: Kind, ratio: float, jobs: int, runs: int, tests: int, *, in_turn: bool = True
) -> Comparison:
    """Of so many runs of so many tests."""
    rng = random.Random(f"{kind.__name__} {seed} {runs}")  # noqa: S311
    told = (a_run(f"r{seed}-{number}", rng, kind(rng), ratio, tests, jobs, in_turn=in_turn) for number in range(runs))
    return judge.compare(pairs.of_axis(itertools.chain(*told), "ocaml", *SIDES), "", *SIDES, "ocaml")


def is_real(told: Comparison) -> bool:
    (measure,) = told.measures
    return measure.all.real or any(row.shift.real for row in measure.rows)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("kind", HOSTS)
def test_equal_builds_in_turn_are_hardly_ever_told_apart(kind: Kind, jobs: int) -> None:
    single = [is_real(compared(seed, kind, 1, jobs, 1, 24)) for seed in range(ROUNDS)]
    nights = [is_real(compared(seed, kind, 1, jobs, 10, 2)) for seed in range(ROUNDS)]
    assert sum(single) + sum(nights) <= 0.05 * 2 * ROUNDS


@pytest.mark.parametrize("kind", HOSTS)
def test_what_is_slower_by_5_percent_is_found_in_turn(kind: Kind) -> None:
    told = [compared(seed, kind, 1.05, 1, 1, 72) for seed in range(ROUNDS // 4)]
    assert sum(each.measures[0].all.real and each.measures[0].all.change > 0 for each in told) >= 0.9 * len(told)


@pytest.mark.parametrize("kind", [once, drifting])
@pytest.mark.parametrize("ratio", [1, 1.5])
def test_what_was_not_in_turn_is_never_real_however_much_it_differs(kind: Kind, ratio: float) -> None:
    told = [compared(seed, kind, ratio, 1, 1, 24, in_turn=False) for seed in range(ROUNDS)]
    assert not any(map(is_real, told))
    assert sum(each.measures[0].all.why == APART for each in told) >= 0.5 * len(told)  # it did differ
