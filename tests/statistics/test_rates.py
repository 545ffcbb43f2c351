"""Shares of what was, and of how many."""

from __future__ import annotations

import pytest

from bootmatrix.statistics.rates import interval, relative


@pytest.mark.parametrize(("old", "new", "share"), [(2, 3, 0.5), (2, 1, -0.5), (-2, -1, 0.5), (0, 7, 0.0), (4, 4, 0.0)])
def test_a_change_is_a_share_of_what_was(old: float, new: float, share: float) -> None:
    assert relative(old, new) == share


def test_a_rate_lies_within_its_interval_which_narrows() -> None:
    few, many = interval(1, 10), interval(100, 1000)
    assert few[0] == many[0] == 0.1
    assert 0 < few[1] < many[1] < 0.1 < many[2] < few[2] < 1
    assert few == pytest.approx((0.1, 0.0179, 0.4042), abs=1e-4)  # Wilson's, by hand


def test_of_nothing_nothing_is_known() -> None:
    assert interval(0, 0) == (0.0, 0.0, 1.0)
