"""How often noise alone raises an alarm, and how soon a slower boot does: by simulation, the same at each run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the wheel has no benchmarks

from benchmarks import simulation
from benchmarks.simulation import AFTER, NOISES

TESTS, NIGHTS, CHANGES = 100, 250, 200
SOON, LATER = 5, 10
FOUND = {  # the least share of changes of 10% that is found in 5 nights, and in 10
    "2%": (0.99, 1),
    "3%": (0.94, 0.99),
    "5%": (0.3, 0.65),
    "outliers": (0.8, 0.95),
    "hosts": (0.6, 0.8),
    "alike": (0.35, 0.6),
    "coarse": (0.99, 1),
    "coarser": (0, 0),  # the median of such numbers does not change
}


@pytest.mark.parametrize("name", NOISES)
def test_noise_raises_one_false_alarm_at_most_in_100_nights_of_100_tests(name: str) -> None:
    counted = simulation.quiet(NOISES[name], TESTS, NIGHTS, seed=1)
    assert counted.alarms <= 1
    assert counted.nights <= (3 if name == "alike" else 1)


@pytest.mark.parametrize("name", NOISES)
def test_a_boot_that_is_10_percent_slower_is_found(name: str) -> None:
    found = simulation.found(NOISES[name], CHANGES, seed=1)
    soon, later = (sum(night <= limit for night in found) / CHANGES for limit in (SOON, LATER))
    assert (soon >= FOUND[name][0], later >= FOUND[name][1]) == (True, True), (soon, later)
    if name in {"2%", "3%", "outliers", "coarse"}:
        assert found[CHANGES // 2] == SOON
        assert found[CHANGES * 99 // 100] <= AFTER
