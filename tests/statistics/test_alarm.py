"""Alarms over the nights of one test, with known answers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, strategies as st

from bootmatrix.statistics import alarm as alarms
from bootmatrix.statistics.alarm import Alarm, alarm


def noisy(*levels: tuple[int, float], spread: float = 0.02) -> list[float | None]:
    """So many nights around each level."""
    rng = random.Random(1)  # noqa: S311
    return [level * rng.lognormvariate(0, spread) for count, level in levels for _ in range(count)]


@pytest.mark.parametrize(
    ("after", "kind"), [(1.1, 0.1), (1.3, 0.3), (0.9, -0.1), (0.5, -0.5)], ids=["slower", "much", "faster", "half"]
)
def test_a_change_is_found_in_the_fifth_night_and_stays_an_alarm(after: float, kind: float) -> None:
    series = noisy((60, 1), (40, after))
    assert [alarm(series[: 60 + night]) for night in (0, 1, 2)] == [None] * 3
    for night in range(5, 41):
        found = alarm(series[: 60 + night])
        assert found, night
        assert found.change == pytest.approx(kind, abs=0.035)
        assert found.before == pytest.approx(1, abs=0.02)
        assert found.after == pytest.approx(after, abs=0.035)
        assert abs(found.since - 60) <= 1, night


def test_nights_without_a_value_count_for_nothing() -> None:
    series = noisy((60, 1), (10, 1.2))
    gaps = [value for each in series for value in (each, None)][:-1]
    found, expected = alarm(gaps), alarm(series)
    assert found
    assert expected
    assert (found.before, found.after, found.since) == (expected.before, expected.after, 2 * expected.since)
    assert alarm([*series, None]) is None


def test_a_change_that_is_over_is_no_alarm() -> None:
    assert alarm(noisy((60, 1), (20, 1.2), (15, 1))) is None


def test_of_two_changes_the_last_is_told() -> None:
    found = alarm(noisy((60, 1.5), (60, 1), (8, 1.2)))
    assert found
    assert found.change == pytest.approx(0.2, abs=0.03)
    assert abs(found.since - 120) <= 1


def test_what_becomes_worse_after_it_became_better_is_not_called_better() -> None:
    found = alarm(noisy((60, 1.5), (40, 1), (8, 1.2)))
    assert found
    assert found.change == pytest.approx(0.2, abs=0.03)


def test_what_is_slow_once_or_twice_is_no_alarm() -> None:
    series = noisy((60, 1))
    for slow in ([9.0], [9.0, 9.0], [9.0, 1.0, 9.0, 1.01]):
        assert alarm([*series, *slow]) is None


@pytest.mark.parametrize("smallest", [0.05, 0.15])
def test_what_is_small_matters_to_nobody(smallest: float) -> None:
    series = noisy((60, 1), (20, 1.1), spread=0.001)
    assert (alarm(series, smallest) is not None) == (smallest < 0.1)


def test_few_nights_say_nothing() -> None:
    for count in range(11):
        assert alarm([1.0] * count + [2.0] * 5) is None, count
    assert alarm([1.0] * 11 + [2.0] * 5) == Alarm(1.0, 2.0, 1.0, 11)
    assert alarm([]) is None


def test_numbers_that_never_change_are_no_alarm_and_a_change_of_them_is() -> None:
    assert alarm([3.0] * 100) is None
    assert alarm([0.0] * 100) is None
    assert alarm([3.0] * 50 + [4.0] * 5) == Alarm(3.0, 4.0, 1 / 3, 50)
    assert alarm([4.0] * 50 + [0.0] * 5) == Alarm(4.0, 0.0, -1.0, 50)
    assert alarm([-4.0] * 50 + [-2.0] * 5) == Alarm(-4.0, -2.0, 0.5, 50)
    assert alarm([0.0] * 50 + [4.0] * 5) is None  # no share of nothing


def test_exact_numbers_change_at_once() -> None:
    assert alarm([70_000.0, 80_000.0], exact=True) == Alarm(70_000, 80_000, 1 / 7, 1)
    assert alarm([70_000.0, None, 80_000.0], exact=True) == Alarm(70_000, 80_000, 1 / 7, 2)
    assert alarm([70_000.0, 80_000.0, 80_000.0], exact=True) is None
    assert alarm([70_000.0, 70_100.0], exact=True) is None
    assert alarm([70_000.0], exact=True) is None


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32), max_size=60))
def test_any_numbers_can_be_asked_of(series: list[float | None]) -> None:
    for exact in (False, True):
        found = alarm(series, exact=exact)
        assert found is None or (abs(found.change) >= alarms.SMALLEST and series[found.since] is not None)
