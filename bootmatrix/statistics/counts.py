"""Whether a number that is counted exactly has changed: the same unikernel counts the same each night, so that the
first other number is a change, however small. Where the numbers go to and fro by themselves, as those of a guest with a
network may, they have noise like any other, and are judged by their order over several nights.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bootmatrix.statistics import alarm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.statistics.alarm import Alarm

SMALLEST = 0.0005  # a difference below this is told to nobody
FEWEST = 2  # nights that must have counted the same, before any change
ALIKE = 5  # nights that must have, before one that has been told is followed by another
RETURNS = 2  # times that a number came back after others: a build does that once, when a change is taken back


def changed(series: Sequence[float | None]) -> Alarm | None:
    """As `alarm.alarm`, of counts: tonight's against those of the nights before, the oldest first."""
    before = [value for value in series[:-1] if value is not None][-alarm.BEFORE :]
    return alarm.alarm(series, SMALLEST, exact=is_steady(before))


def is_steady(values: Sequence[float]) -> bool:
    """Whether these are without noise: they stay the same for nights, and what they leave does not come back."""
    runs = [(value, len(list(nights))) for value, nights in itertools.groupby(values)]
    if len(runs) == 1:
        return runs[0][1] >= FEWEST
    returns = len(runs) - len({value for value, _ in runs})
    return len(runs) > 1 and max(nights for _, nights in runs[-2:]) >= ALIKE and returns < RETURNS
