"""What a figure is: the measures that it has, and rounds of samples for them."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).resolve().parents[1]
UNIKERNELS = ROOT / "unikernels"  # what projects of a figure's own are allowed to reach


class Missing(Exception):
    """A figure needs what is not here; the text says what."""


class Failed(Exception):
    """Something could not run at all; the text says what, and its last words."""


@dataclass(frozen=True)
class Target:
    """What is to be reached: `limit` at the most, or at the `least`; `aim` is a wish and does not count."""

    limit: float
    least: bool = False
    aim: float | None = None

    def reached(self, value: float) -> bool:
        return value >= self.limit if self.least else value <= self.limit

    def as_dict(self) -> dict[str, float]:
        aim = {} if self.aim is None else {"aim": self.aim}
        return {"at_least" if self.least else "at_most": self.limit, **aim}


@dataclass(frozen=True)
class Measure:
    """One line of the table. `unit` is empty for a ratio; `of` is the unit of the sides that it is made of."""

    name: str
    what: str
    against: str = ""
    unit: str = ""
    target: Target | None = None
    of: str = ""


@dataclass(frozen=True)
class Sample:
    """What one round found for a measure, and by name the sides that were compared."""

    value: float
    sides: Mapping[str, float] = field(default_factory=dict)


Round = Mapping[str, Sample]
"""A sample for each measure, by its name."""


class Figure(ABC):
    """A class named `Figure` in `figures/<name>.py`."""

    measures: ClassVar[tuple[Measure, ...]]

    @abstractmethod
    def rounds(self, scale: float) -> Generator[Round]:
        """Rounds without end, each with both sides of its pairs; `scale` shrinks how much is done in each.

        A generator: what it needs is prepared before the first round, and removed when it is closed. Raises Missing
        and Failed.
        """


def sized(count: int, scale: float, least: int = 1) -> int:
    """How many, on this scale."""
    return max(least, round(count * scale))


def names() -> list[str]:
    stems = (path.stem for path in (ROOT / "benchmarks/figures").glob("*.py"))
    return sorted(stem.replace("_", "-") for stem in stems if not stem.startswith("_"))


def load(name: str) -> Figure:
    made: Figure = importlib.import_module(f"benchmarks.figures.{name.replace('-', '_')}").Figure()
    return made
