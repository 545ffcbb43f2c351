"""What came of boots in turn: a measure of one value of an axis held against that of another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from bootmatrix.model.bounds import Number, OneOf, Size

MEASURED = ("boot_time", "ready_time", "memory_peak", "unikernel_size", "instructions")
"""The measures that a boot has besides the test's own metrics, where they are known."""


class PairVerdict(StrEnum):
    MORE = "more"
    LESS = "less"
    SAME = "same"
    """As much, as exactly as was asked."""
    UNDECIDED = "undecided"
    """There is an interval, but it is wider than was asked."""
    UNKNOWN = "unknown"
    """There is no interval: `why` says why not."""


@dataclass(frozen=True)
class PairFinding:
    """A measure of a test held against that of its partner, which differs in this `axis` alone, where it is `base`.

    `name` is empty where no measure could be compared. `before` and `after` are the medians of the partner's boots and
    of its own. `change` is the middle of their ratios less 1, `low` to `high` its 95% interval, both 0 if there is
    none; `until` is how wide half of it may be. `boots` are those of each of both that count.
    """

    axis: str
    base: str
    value: str
    verdict: Annotated[str, OneOf(PairVerdict)]
    why: str = ""
    name: str = ""
    unit: str = ""
    better: str = ""
    before: Number = 0.0
    after: Number = 0.0
    change: Number = 0.0
    low: Number = 0.0
    high: Number = 0.0
    until: Number = 0.0
    boots: Size = 0

    @property
    def real(self) -> bool:
        """Whether there is a difference that chance hardly makes."""
        return self.verdict in {PairVerdict.MORE, PairVerdict.LESS}
