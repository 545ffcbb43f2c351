"""What the rounds found for each measure: median, spread, and whether the target is reached."""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import contract
from benchmarks.contract import Failed, Missing
from bootmatrix.errors import BootmatrixError

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.contract import Figure, Measure, Round, Sample


@dataclass(frozen=True)
class Found:
    """A measure of a figure and its samples, one a round; `missing` or `failed` says why there are none, or not all."""

    figure: str
    measure: Measure
    samples: tuple[Sample, ...] = ()
    missing: str = ""
    failed: str = ""

    @property
    def values(self) -> list[float]:
        return [sample.value for sample in self.samples]

    @property
    def median(self) -> float | None:
        return statistics.median(self.values) if self.samples else None

    @property
    def reached(self) -> bool | None:
        """By the median; None if there is nothing to reach, or nothing was found."""
        target, median = self.measure.target, self.median
        return None if target is None or median is None else target.reached(median)

    def sides(self) -> dict[str, float]:
        """The median of each side that was compared."""
        names = self.samples[0].sides if self.samples else {}
        return {name: statistics.median(sample.sides[name] for sample in self.samples) for name in names}

    def as_dict(self) -> dict[str, Any]:
        return {
            "figure": self.figure,
            "name": self.measure.name,
            "what": self.measure.what,
            "against": self.measure.against,
            "unit": self.measure.unit or "ratio",
            "of": self.measure.of,
            "rounds": [{"value": sample.value, "sides": dict(sample.sides)} for sample in self.samples],
            "median": self.median,
            "min": min(self.values, default=None),
            "max": max(self.values, default=None),
            "target": self.measure.target.as_dict() if self.measure.target else None,
            "reached": self.reached,
            "missing": self.missing,
            "failed": self.failed,
        }


def find(name: str, rounds: int, scale: float, say: Callable[[str], None]) -> list[Found]:
    """All measures of the figure of this name; raises nothing for what this machine has not or cannot."""
    figure = contract.load(name)
    made, missing, failed = list[contract.Round](), "", ""
    try:
        _go_round(figure, rounds, scale, made, lambda what: say(f"{name}: {what}"))
    except Missing as why:
        missing = str(why)
    except (Failed, BootmatrixError, OSError) as why:
        failed = str(why)
    return [
        Found(name, measure, tuple(each[measure.name] for each in made), missing, failed) for measure in figure.measures
    ]


def _go_round(figure: Figure, rounds: int, scale: float, made: list[Round], say: Callable[[str], None]) -> None:
    """Add the rounds to `made`, which keeps those before a failure."""
    with contextlib.closing(figure.rounds(scale)) as going:
        for number in range(1, rounds + 1):
            say(f"round {number} of {rounds}")
            made.append(next(going))
