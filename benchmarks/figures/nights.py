"""How often noise alone raises an alarm, and how soon a change does."""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract, simulation
from benchmarks.contract import Measure, Sample, Target, sized
from benchmarks.simulation import NOISES

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.simulation import Noise

TESTS, NIGHTS, CHANGES, SOON = 100, 1000, 1000, 5


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = tuple(
        Measure(
            name,
            f"false alarms in 100 nights of 100 tests, by {TESTS} tests in {NIGHTS:,} nights: {noise.words}",
            unit="alarms",
            target=Target(1),
        )
        for name, noise in NOISES.items()
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        for seed in itertools.count(1):
            yield {name: _sample(noise, seed, scale) for name, noise in NOISES.items()}


def _sample(noise: Noise, seed: int, scale: float) -> Sample:
    counted = simulation.quiet(noise, sized(TESTS, scale), NIGHTS, seed)
    found = simulation.found(noise, sized(CHANGES, scale), seed)
    soon = sum(night <= SOON for night in found) / len(found)
    return Sample(
        counted.alarms,
        {
            "nights with one": counted.nights,
            f"% of changes found in {SOON} nights": soon * 100,
            "nights to find one": statistics.median(found),
        },
    )
