"""Whether something grows without end: by simulation of guests of which that is known, the same at each run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from scipy.stats import theilslopes

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the wheel has no benchmarks

from benchmarks import leaks
from bootmatrix.model import Side
from bootmatrix.statistics import growth

SEEDS = range(40)
TEN_MINUTES, HALF_AN_HOUR, HOUR = 600.0, 1800.0, 3600.0
SOON = {"1 MiB/s": 150.0, "64 KiB/s": 150.0, "64 KiB/s hidden": 300.0, "1 KiB/s": 600.0, "1 KiB/s hidden": HALF_AN_HOUR}
HOUR_OF_SECONDS = [float(at) for at in range(3600)]


@pytest.mark.parametrize("name", leaks.GUESTS)
@pytest.mark.parametrize("seconds", [TEN_MINUTES, HALF_AN_HOUR])
def test_no_guest_is_told_to_be_what_it_is_not(name: str, seconds: float) -> None:
    guest = leaks.GUESTS[name]
    assert leaks.sides(guest, seconds, SEEDS)[Side.WITHIN if guest.leaks else Side.ABOVE] == 0


@pytest.mark.parametrize("name", [name for name, guest in leaks.GUESTS.items() if not guest.leaks])
def test_what_is_no_leak_is_known_to_be_none_after_an_hour(name: str) -> None:
    assert leaks.sides(leaks.GUESTS[name], HOUR, SEEDS)[Side.WITHIN] >= 0.95 * len(SEEDS)


@pytest.mark.parametrize("name", SOON)
def test_a_leak_is_found(name: str) -> None:
    assert leaks.sides(leaks.GUESTS[name], SOON[name], SEEDS)[Side.ABOVE] >= 0.95 * len(SEEDS)


def test_a_step_in_the_middle_moves_a_slope_through_all_samples_but_not_this_one() -> None:
    values = [0.0] * 1800 + [4e6] * 1800
    found = growth.slope(HOUR_OF_SECONDS, values)
    assert found
    assert (found.middle, found.low, found.high) == (0, 0, 0)
    assert theilslopes(values[::10], HOUR_OF_SECONDS[::10])[0] > 0


def test_two_steps_apart_from_each_other_leave_it_undecided() -> None:
    found = growth.slope(HOUR_OF_SECONDS, [float((at > 1000) + (at > 2500)) for at in HOUR_OF_SECONDS])
    assert found
    assert found.side(1e-3) == Side.UNDECIDED
    assert found.needed(1e-3) > HOUR


def test_stairs_are_a_leak() -> None:
    found = growth.slope(HOUR_OF_SECONDS, [float(at // 240) for at in HOUR_OF_SECONDS])
    assert found
    assert found.side(0.5 / 240) == Side.ABOVE


@given(st.integers(0, 12), st.floats(1, 1e12))
def test_one_event_of_any_size_at_any_time_is_none(part: int, height: float) -> None:
    values = [height * (at >= part * HOUR / 13) for at in HOUR_OF_SECONDS[::20]]
    found = growth.slope(HOUR_OF_SECONDS[::20], values)
    assert found
    assert found.side(0.0) == Side.WITHIN


@given(st.lists(st.floats(-1e9, 1e9), min_size=39, max_size=200))
def test_the_interval_holds_its_middle(values: list[float]) -> None:
    found = growth.slope([float(at) for at in range(len(values))], values)
    assert found
    assert found.low <= found.middle <= found.high


@pytest.mark.parametrize("rate", [-5.0, 0.0, 5.0])
def test_a_straight_line_is_its_slope(rate: float) -> None:
    found = growth.slope(HOUR_OF_SECONDS, [rate * at for at in HOUR_OF_SECONDS])
    assert found
    assert (found.low, found.middle, found.high) == pytest.approx((rate,) * 3, rel=0.01)


def test_what_grows_ever_more_slowly_is_undecided() -> None:
    found = growth.slope(HOUR_OF_SECONDS, [1e6 * (1 - 0.999**at) for at in HOUR_OF_SECONDS])
    assert found
    assert found.side(0.1) == Side.UNDECIDED


@pytest.mark.parametrize(
    "seconds",
    [
        [],
        [1.0],
        [float(at) for at in range(38)],
        [1.0] * 100,
        [*(float(at) for at in range(40)), 1000.0],  # a gap
    ],
)
def test_too_few_samples_tell_nothing(seconds: list[float]) -> None:
    assert growth.slope(seconds, [0.0] * len(seconds)) is None


@pytest.mark.parametrize(
    ("slope", "bound", "side", "needed"),
    [
        (growth.Slope(5, 4, 6, 100), 3, Side.ABOVE, 0),
        (growth.Slope(5, 4, 6, 100), 6, Side.WITHIN, 0),
        (growth.Slope(1, 0, 9, 100), 2, Side.UNDECIDED, 1000),
        (growth.Slope(5, 1, 6, 100), 3, Side.UNDECIDED, 250),
        (growth.Slope(3, 1, 6, 100), 3, Side.UNDECIDED, 0),
        (growth.Slope(3, 1, 1e9, 100), 3.1, Side.UNDECIDED, 0),
    ],
)
def test_the_side_of_a_bound_and_what_is_needed_to_know_it(
    slope: growth.Slope, bound: float, side: Side, needed: float
) -> None:
    assert slope.side(bound) == side
    assert slope.needed(bound) == pytest.approx(needed)
