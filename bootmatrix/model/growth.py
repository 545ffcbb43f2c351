"""How fast something of a guest grew while it was soaked, and whether it may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from bootmatrix.model.bounds import Number, OneOf, Seconds


class Side(StrEnum):
    """On which side of a bound an interval lies."""

    ABOVE = "above"
    WITHIN = "within"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Growth:
    """By how much `name` grows an hour: by `slope`, and as far as is known by between `low` and `high`; it may by
    `bound`. All four are in `unit` an hour, `B` of memory.

    They are of the samples of so many `seconds` after the warm-up; 0 if those were too few to know anything. `needed`
    is how long a soak would probably have to last to be decided, in seconds, 0 if it is or if that is not known. `of`
    says what the memory is of: `guest`, or with its tender `pss` or `rss`, as a sample has it. `verdict` is a word of
    Side.
    """

    name: str
    unit: str
    slope: Number
    low: Number
    high: Number
    bound: Number
    verdict: Annotated[str, OneOf(Side)]
    needed: Seconds = 0.0
    seconds: Seconds = 0.0
    of: str = ""
