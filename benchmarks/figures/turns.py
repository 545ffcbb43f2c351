"""How often equal builds are told apart that boot in turn, and how often 5% is found."""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract, turning
from benchmarks.contract import Measure, Sample, Target, sized
from benchmarks.turning import MOST, WORLDS

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.turning import World

COMPARED, PLANTED = 400, 0.05


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = tuple(
        Measure(
            name,
            f"% of comparisons of a build with itself that find a difference, at most {MOST} boots: {world.words}",
            unit="%",
            target=Target(5),
        )
        for name, world in WORLDS.items()
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        for number in itertools.count(1):
            yield {name: _sample(world, number, sized(COMPARED, scale)) for name, world in WORLDS.items()}


def _sample(world: World, number: int, count: int) -> Sample:
    seeds = range(number * count, (number + 1) * count)
    same = [turning.compared(world, seed) for seed in seeds]
    other = [turning.compared(world, seed, PLANTED) for seed in seeds]
    return Sample(
        100 * sum(each.apart for each in same) / count,
        {
            "% of differences of 5% found": 100 * sum(each.apart for each in other) / count,
            "boots": statistics.median(each.times for each in same),
            "half of the interval": statistics.median(each.half for each in same),
        },
    )
