"""How often chance makes what was seen, where that can be counted by hand."""

from __future__ import annotations

import pytest

from bootmatrix.statistics import chance
from bootmatrix.statistics.chance import EXACT


def test_counts_are_counted_out() -> None:
    assert chance.of_counts((3, 0), (0, 3)) == pytest.approx(2 / 20)  # of 20 ways to pick 3 of 6, these two
    assert chance.of_counts((5, 1), (5, 1)) == pytest.approx(1)


def test_so_is_the_order_of_few_numbers_however_far_off_they_are() -> None:
    near, far = ([float(n) for n in range(8)], [100.0, 101.0]), ([float(n) for n in range(8)], [1e9, 2e9])
    assert chance.of_order(*near) == chance.of_order(*far) == pytest.approx(2 / 45)


@pytest.mark.parametrize("count", [EXACT, 90])
def test_two_samples_that_alternate_are_chance_and_two_that_lie_apart_are_not(count: int) -> None:
    some = [float(n) for n in range(count)]
    assert chance.of_order(some, [n + 0.5 for n in some]) > 0.5
    assert chance.of_order(some, [n + count for n in some]) < 1e-4


def test_of_many_tests_each_counts_less() -> None:
    assert chance.of_many([0.01]) == [0.01]
    assert chance.of_many([0.01], others=9) == [pytest.approx(0.1)]
    assert chance.of_many([0.04, 0.01]) == [pytest.approx(0.04), pytest.approx(0.02)]
