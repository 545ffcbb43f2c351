"""The difference between two samples, with known answers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import wilcoxon

from bootmatrix.compare.shift import APART, ONE_SIDED, exact, shift
from bootmatrix.statistics import signed_ranks as ranks

NUMBERS = st.floats(min_value=0.001, max_value=1e6)


def couples(count: int, ratio: float, spread: float, seed: int = 2) -> list[tuple[float, float]]:
    """Side by side, each couple on a host that is another time as quick."""
    rng = random.Random(seed)  # noqa: S311
    levels = (rng.lognormvariate(0, 1) for _ in range(count))
    return [(level * rng.lognormvariate(0, spread), level * ratio * rng.lognormvariate(0, spread)) for level in levels]


def sides(some: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [before for before, _ in some], [after for _, after in some]


def test_the_difference_of_two_sides() -> None:
    some = couples(30, 1.1, 0.03)
    found = shift(*sides(some), some)
    assert (found.real, found.why, found.beside) == (True, "", 30)
    assert found.p == pytest.approx(wilcoxon([after / before - 1 for before, after in some]).pvalue, abs=1e-4)
    assert found.low is not None
    assert found.high is not None
    assert 0.06 < found.low < found.change < found.high < 0.13


def test_the_interval_holds_the_truth_in_95_of_100() -> None:
    held = 0
    for seed in range(500):
        some = couples(8, 1.1, 0.05, seed)
        found = shift(*sides(some), some)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.1 <= found.high
    assert 465 <= held <= 490


def test_of_very_many_the_middle_and_the_interval_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)  # noqa: S311
    some = [rng.gauss(0.05, 1) for _ in range(900)]
    every = ranks.ranked(some)
    monkeypatch.setattr(ranks, "MOST", 300)
    assert ranks.ranked(some) == pytest.approx(every, abs=0.01)


@pytest.mark.parametrize(
    ("some", "why"),
    [
        ([(1.0, 2.0)], "only one boot on each side: run it again for more"),
        ([(1.0, 2.0)] * 7, "only 7 boots, at least 8 are needed"),
        ([(1.0, 1.2)] * 5 + [(1.3, 1.0)] * 5 + [(1.0, 1.1)] * 3, "not significant (may be chance)"),
        ([(1.0, 1.0)] * 9, "less than 2%"),
        ([(1.0, 1.019)] * 9, "less than 2%"),
        ([(0.0, 5.0)] * 9, "less than 2%"),
    ],
)
def test_what_keeps_a_difference_from_being_real(some: list[tuple[float, float]], why: str) -> None:
    found = shift(*sides(some), some)
    assert (found.real, found.why) == (False, why)


def test_what_was_not_side_by_side_is_never_real() -> None:
    found = shift([1.0] * 50, [2.0] * 50, [])
    assert (found.before, found.after, found.change) == (1, 2, 1)
    assert (found.real, found.why, found.low, found.p) == (False, APART, None, None)


@pytest.mark.parametrize(
    ("orders", "real"), [([1] * 9, False), ([-1] * 9, False), ([1] * 8 + [-1], True), ([0] * 9, True)]
)
def test_nor_is_that_of_which_one_side_always_came_first(orders: list[int], *, real: bool) -> None:
    some = [(1.0, 2.0)] * 9
    found = shift(*sides(some), some, orders)
    assert (found.real, found.why) == (real, "" if real else ONE_SIDED)


def test_numbers_below_nothing_have_a_difference_too() -> None:
    some = [(-10.0, -8.0), (-10.0, -7.9)] * 5
    found = shift(*sides(some), some)
    assert found.real
    assert found.change == pytest.approx(0.205)


def test_exact_numbers_need_no_second_boot() -> None:
    found = exact([100.0], [110.0])
    assert (found.real, found.change, found.p, found.low, found.high) == (True, 0.1, None, 0.1, 0.1)


@settings(deadline=None)  # scipy is imported in the first
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12))
def test_what_is_real_has_an_interval_without_nothing_and_sides_that_are_swapped_mirror(
    some: list[tuple[float, float]],
) -> None:
    back = [(after, before) for before, after in some]
    there, mirrored = shift(*sides(some), some), shift(*sides(back), back)
    assert (1 + there.change) * (1 + mirrored.change) == pytest.approx(1)
    assert (there.before, there.after) == (mirrored.after, mirrored.before)
    if there.low is not None and there.high is not None and mirrored.high is not None:
        assert (1 + there.low) * (1 + mirrored.high) == pytest.approx(1)
        assert not (there.real and there.low <= 0 <= there.high)
