"""What is measured in turn: the order, when it ends, and by simulation how often it is wrong."""

from __future__ import annotations

import itertools
import math
import random
import statistics
import sys
from pathlib import Path

import pytest

from bootmatrix.statistics import signed_ranks
from bootmatrix.statistics.turns import EACH, WARM, Turns, orders

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the wheel has no benchmarks

from benchmarks import turning
from benchmarks.turning import WORLDS

COMPARED = 100
FOUND = {"load": 0.7, "waves": 0.85, "outliers": 0.8, "all": 0.5}  # the least share of differences of 5% that is found


def turned(values: dict[int, float], noise: float, *, most: int = 200, until: float = 0.02, seed: str = "s") -> Turns:
    """Measured until it ends; `values` are the sides' own."""
    rng, turns = random.Random(seed), Turns(len(values), ("time",), until, most, seed)  # noqa: S311
    while order := turns.block():
        turns.add(order, [{"time": values[side] * math.exp(rng.gauss(0, noise))} for side in order])
    return turns


@pytest.mark.parametrize("name", WORLDS)
def test_equal_things_are_told_apart_in_5_of_100_comparisons_at_most(name: str) -> None:
    found = [turning.compared(WORLDS[name], seed) for seed in range(COMPARED)]
    assert sum(each.apart for each in found) <= 0.05 * COMPARED


@pytest.mark.parametrize("name", WORLDS)
def test_what_takes_5_percent_more_is_found(name: str) -> None:
    found = [turning.compared(WORLDS[name], seed, 0.05) for seed in range(COMPARED // 2)]
    assert sum(each.apart for each in found) >= FOUND.get(name, 0.95) * len(found)
    assert sum(each.right for each in found) >= 0.92 * len(found)


@pytest.mark.parametrize("sides", [2, 3])
def test_a_block_goes_there_and_back_and_a_coin_says_who_is_first(sides: int) -> None:
    blocks = [*itertools.islice(orders(sides, "seed"), 200)]
    assert all(block == block[::-1] and sorted(block[:sides]) == [*range(sides)] for block in blocks)
    firsts = [sum(block[0] == side for block in blocks) for side in range(sides)]
    assert min(firsts) > 100 / sides
    assert blocks == [*itertools.islice(orders(sides, "seed"), 200)] != [*itertools.islice(orders(sides, "no"), 200)]


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_the_end_does_not_depend_on_where_the_interval_lies(noise: float) -> None:
    """The same noise around no difference, and around a large one."""
    ends = []
    for value in (1, 1.02, 3):
        ratio = turned({0: 1, 1: value}, noise).ratio(1, "time")
        assert ratio is not None
        ends.append(ratio.blocks)
        assert ratio.change == pytest.approx(value - 1, abs=0.02 * value)
        assert ratio.half <= 0.02
    assert len(set(ends)) == 1


def test_no_more_is_measured_than_is_allowed_however_wide_the_interval_is() -> None:
    ratio = turned({0: 1, 1: 1}, 0.5, most=30).ratio(1, "time")
    assert ratio is not None
    assert (ratio.blocks, ratio.half > 0.02) == (30 // EACH - WARM, True)


@pytest.mark.parametrize(("noise", "most"), [(0.06, 20), (0.08, 30), (0.1, 60)])
def test_so_many_boots_as_would_be_needed_are_enough_and_not_far_too_many(noise: float, most: int) -> None:
    enough, times = [], []
    for seed in range(30):
        ratio = turned({0: 1, 1: 1}, noise, most=most, seed=str(seed)).ratio(1, "time")
        assert ratio is not None
        if ratio.half <= 0.02:
            continue
        needed = ratio.needed(0.02)
        more = turned({0: 1, 1: 1}, noise, most=math.ceil(needed), seed=f"another {seed}").ratio(1, "time")
        assert more is not None
        enough.append(more.half <= 0.02)
        times.append(needed / (EACH * (WARM + more.blocks)))
    assert len(enough) > 20
    assert sum(enough) >= 0.85 * len(enough)
    assert statistics.median(times) < 3


@pytest.mark.parametrize("noise", [0.1, 0.5])
def test_how_wide_an_interval_of_more_boots_would_be_is_told_before(noise: float) -> None:
    given = []
    for seed in range(20):
        few = turned({0: 1, 1: 1}, noise, most=30, seed=str(seed)).ratio(1, "time")
        many = turned({0: 1, 1: 1}, noise, most=400, until=0.0001, seed=str(seed)).ratio(1, "time")
        assert few is not None
        assert many is not None
        given.append(many.half / few.within(400))
    assert sum(each <= 1.05 for each in given) >= 16
    assert statistics.median(given) > 0.6


def test_where_nothing_was_narrow_no_number_of_boots_is_told() -> None:
    gone = turned({0: 1, 1: 1e-320}, 0, most=60).ratio(1, "time")
    assert gone is not None
    assert gone.low == gone.high
    assert math.isinf(gone.needed(0.02))


@pytest.mark.parametrize("values", [(1e-300, 1e300), (1e300, 1e-300), (5e-324, 1.7e308)])
def test_numbers_as_far_apart_as_numbers_can_be_have_a_ratio_that_is_one(values: tuple[float, float]) -> None:
    ratio = turned(dict(enumerate(values)), 0).ratio(1, "time")
    assert ratio is not None
    assert ratio.low is not None
    assert all(map(math.isfinite, (ratio.before, ratio.after, ratio.change, ratio.low)))
    assert (ratio.change > 0) == (values[1] > values[0])


def test_of_too_few_blocks_there_is_no_interval() -> None:
    few = turned({0: 1, 1: 2}, 0, most=8)
    ratio = few.ratio(1, "time")
    assert ratio is not None
    assert (round(ratio.change, 9), ratio.low, ratio.high) == (1, None, None)
    enough = turned({0: 1, 1: 2}, 0, most=few.fewest).ratio(1, "time")
    assert enough is not None
    assert enough.low == pytest.approx(1)
    assert enough.high == pytest.approx(1)


def test_the_more_is_asked_the_wider_is_each_interval() -> None:
    assert Turns(3, ("a", "b"), 0.02, 30, "").missed == pytest.approx(Turns(2, ("a",), 0.02, 30, "").missed / 4)


@pytest.mark.parametrize("values", [{}, {"time": 0.0}, {"time": -1.0}])
def test_what_is_not_above_0_has_no_ratio(values: dict[str, float]) -> None:
    turns = Turns(2, ("time",), 0.02, 30, "")
    while order := turns.block():
        turns.add(order, [values if side else {"time": 1.0} for side in order])
    assert turns.ratio(1, "time") is None


@pytest.mark.parametrize("missed", [0.05, 0.0125])
@pytest.mark.parametrize("more", [0, 1, 2])
def test_an_interval_misses_as_seldom_as_it_says_counted_by_all_signs(missed: float, more: int) -> None:
    sizes = [1.0, 2.5, 0.3, 4.1, 1.7, 9.0, 0.31, 2.2, 3.3, 5.0, 0.8][: signed_ranks.fewest(missed) + more]
    wrong = 0
    for signs in itertools.product((-1, 1), repeat=len(sizes)):
        found = signed_ranks.between([sign * size for sign, size in zip(signs, sizes, strict=True)], missed)
        assert found
        wrong += not found[0] <= 0 <= found[1]
    assert 0 < wrong <= missed * 2 ** len(sizes)
    assert signed_ranks.between(sizes[: signed_ranks.fewest(missed) - 1], missed) is None


def test_of_many_differences_the_interval_is_that_of_the_normal_distribution() -> None:
    rng = random.Random(3)  # noqa: S311
    some = [rng.gauss(0.1, 1) for _ in range(400)]
    found = signed_ranks.between(some, 0.05)
    assert found
    assert found == pytest.approx((0.1 - 0.1, 0.1 + 0.1), abs=0.1)
    assert found[0] <= signed_ranks.ranked(some).middle <= found[1]
