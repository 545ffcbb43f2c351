"""How often chance makes what was seen: counted by hand, and as SciPy says it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import rankdata, wilcoxon

from bootmatrix.statistics.signed_ranks import EXACT, chance

STEPS = st.sampled_from([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])  # memory comes in pages: many are the same


def by_hand(some: list[float]) -> float:
    """Of all signs that the differences could have, how many make one side's ranks as few as they are, or fewer."""
    moved = [each for each in some if each]
    ranks = rankdata([abs(each) for each in moved])
    seen = min(sum(ranks[i] for i, each in enumerate(moved) if each * side > 0) for side in (1, -1))
    signs = itertools.product((0, 1), repeat=len(moved))
    fewer = sum(sum(itertools.compress(ranks, chosen)) <= seen for chosen in signs)
    return float(min(1.0, 2 * fewer / 2 ** len(moved)))


@settings(deadline=None)  # SciPy is imported in the first
@given(st.lists(STEPS, min_size=1, max_size=9))
def test_ties_are_counted_too(some: list[float]) -> None:
    assert chance(some) == pytest.approx(by_hand(some))


@settings(deadline=None)
@given(st.lists(st.integers(-1000, 1000).filter(bool), min_size=1, max_size=EXACT + 20, unique_by=abs))
def test_without_ties_it_is_what_scipy_says(some: list[int]) -> None:
    assert chance([float(each) for each in some]) == pytest.approx(float(wilcoxon(some).pvalue))


def test_no_difference_at_all_is_chance() -> None:
    assert chance([0.0] * 20) == 1.0
