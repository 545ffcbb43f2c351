"""How often a soak tells a leak from none, and after how long: simulated, where hours are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract, leaks
from benchmarks.contract import Measure, Sample, Target, sized
from benchmarks.leaks import GUESTS
from bootmatrix.model import Side

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.leaks import Guest

SOAKS = 100
LENGTHS = {"5 min": 300.0, "10 min": 600.0, "30 min": 1800.0, "1 h": 3600.0, "4 h": 14400.0}
JUDGED = "10 min"


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = tuple(
        Measure(name, f"% of {SOAKS} soaks of {JUDGED} that are told wrong: {guest.words}", unit="%", target=Target(2))
        for name, guest in GUESTS.items()
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        count, number = sized(SOAKS, scale), 0
        while True:
            yield {name: _sample(guest, range(number, number + count)) for name, guest in GUESTS.items()}
            number += count


def _sample(guest: Guest, seeds: range) -> Sample:
    """`sides` are the shares that are told right; the rest of them is undecided, but for those in `value`."""
    right, wrong = (Side.ABOVE, Side.WITHIN) if guest.leaks else (Side.WITHIN, Side.ABOVE)
    found = {name: leaks.sides(guest, seconds, seeds) for name, seconds in LENGTHS.items()}
    shares = {f"% right in {name}": each[right] / len(seeds) * 100 for name, each in found.items()}
    return Sample(found[JUDGED][wrong] / len(seeds) * 100, shares)
