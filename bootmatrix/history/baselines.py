"""What the last runs measured of tests whose limits are relative: read once, before a run begins to boot."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.judging.budgets import ENOUGH, Earlier
from bootmatrix.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.history.database import History
    from bootmatrix.model import Measure

LAST = 20  # runs whose median counts

Key = tuple[str, str, str, str, str]  # test, host class, accelerator, measure, unit


@dataclass(frozen=True)
class Baselines:
    """`values` by test, host class, accelerator, name and unit; or `why` nothing is known of any."""

    values: Mapping[Key, list[float]] = field(default_factory=dict)
    why: str = ""

    def earlier(self, test: str, host: str, accelerator: str, measure: Measure) -> Earlier:
        return Earlier(self.values.get((test, host, accelerator, measure.name, measure.unit), ()), self.why)


def read(past: History, branch: str, wanted: Mapping[str, frozenset[str]]) -> Baselines:
    """Of these measures of these tests, in the last runs of a branch; if it has few, in those of all. Boots that did
    not pass at once say nothing, nor do those that waited for a processor.
    """
    nights = past.nights(branch, LAST)
    if len(nights) < ENOUGH:
        nights = past.nights(None, LAST)
    found: defaultdict[Key, list[float]] = defaultdict(list)
    for point in past.points(nights, wanted.keys()) if nights else ():
        if point.verdict == Verdict.PASSED:
            for measure in point.measures:
                if measure.name in wanted[point.id]:
                    key = (point.id, point.host, point.accelerator, measure.name, measure.unit)
                    found[key].append(measure.value)
    return Baselines(found)
