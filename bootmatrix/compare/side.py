"""The results of a test on one side of a comparison, in one run or in several."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from bootmatrix.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from bootmatrix.history.point import Point, Span
    from bootmatrix.model import PairFinding

Kind = tuple[str, ...]


class Metric(NamedTuple):
    """What a measure is of; one with another unit is another."""

    name: str
    unit: str
    better: str


@dataclass
class Side:
    """`verdicts` are counted, `reason` is that of the last result that was not passed.

    `measured` has the values of boots that passed at once by their runs, apart for each kind: only values of one kind
    are compared. `spans` are when those boots were, where that is known. `paired` is what came of boots in turn.
    """

    cell: str
    test: str
    values: Mapping[str, str]
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    reason: str = ""
    measured: dict[Metric, dict[Kind, dict[str, float]]] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    paired: list[PairFinding] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.cell}/{self.test}"

    @property
    def name(self) -> str:
        """The test's in the matrix, without its parameters."""
        return self.test.partition("@")[0]

    def add(self, point: Point, kind: Kind, run: str) -> None:
        self.verdicts[point.verdict] += 1
        if point.verdict != Verdict.PASSED:
            self.reason = point.reason
            return
        if point.span:
            self.spans[run] = point.span
        self.paired += point.pairs
        for measure in point.measures:
            metric = Metric(measure.name, measure.unit, measure.better)
            self.measured.setdefault(metric, {}).setdefault(kind, {})[run] = measure.value


def gather(
    points: Iterable[Point],
    key: Callable[[Point], Hashable],
    kind: Callable[[Point], Kind],
    run: Callable[[Point], str],
) -> dict[Hashable, Side]:
    """Goes over the points once, and keeps what is compared of them; what has one `run` may have been side by side."""
    found: dict[Hashable, Side] = {}
    for point in points:
        of = key(point)
        if of not in found:
            found[of] = Side(point.cell, point.test, point.values)
        found[of].add(point, kind(point), run(point))
    return found
