"""What a reader sees of a difference: its numbers never contradict it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from bootmatrix.compare import overall, words
from bootmatrix.compare.shift import Shift, exact, shift

TIMES = st.floats(min_value=0.01, max_value=100)
COUPLES = st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=12)
# a host that is slow in some moments: each side's median is of another
RESTLESS = [(0.70, 0.69), (0.95, 0.94), (0.78, 0.95), (0.77, 0.94), (0.78, 0.77), (0.94, 0.78), (0.96, 0.95)]


def told(found: Shift | overall.Overall) -> tuple[float, float]:
    before, after = words.both(found, "").split(" → ")
    return float(before.replace(",", "")), float(after.replace(",", ""))


def paired(couples: list[tuple[float, float]]) -> Shift:
    return shift([before for before, _ in couples], [after for _, after in couples], couples)


def test_numbers_of_a_restless_host_do_not_contradict_the_difference() -> None:
    found = paired(RESTLESS)
    assert (found.before, found.after) == (0.78, 0.94)
    assert (words.percent(found.change), words.both(found, "s")) == ("-1.0%", "0.86 s → 0.85 s")


@given(COUPLES)
def test_the_numbers_are_as_far_apart_as_the_difference_says(couples: list[tuple[float, float]]) -> None:
    found = paired(couples)
    before, after = told(found)
    assert after / before == pytest.approx(1 + found.change, rel=2e-3)
    lowest, highest = sorted([found.before, found.after])
    assert lowest * 0.999 <= (before * after) ** 0.5 <= highest * 1.001


@settings(max_examples=30)
@given(st.lists(COUPLES, min_size=1, max_size=9))
def test_so_they_are_over_all_tests(every: list[list[tuple[float, float]]]) -> None:
    found = overall.of([(paired(couples), 0) for couples in every])
    before, after = told(found)
    assert after / before == pytest.approx(1 + found.change, rel=2e-3)


@pytest.mark.parametrize(("before", "after"), [(0.0, 5.0), (5.0, 0.0), (-2.0, 4.0), (123.0, 124.0)])
def test_what_has_no_ratio_or_no_noise_is_told_as_it_is(before: float, after: float) -> None:
    assert told(exact([before], [after])) == (before, after)
