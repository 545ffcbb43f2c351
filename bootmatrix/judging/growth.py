"""From what was sampled of a soak to what it means: whether what has a bound grows by more than it may."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix.model import Growth, Measure, Side, Verdict
from bootmatrix.quantities import human_rate, human_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bootmatrix.judging.verdict import Judgement
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.keys.soak import Soak
    from bootmatrix.watching.witness import Findings, Series

HOUR = 3600.0
MEMORY = "memory"
NAMES = {
    "guest": "the guest's memory",
    "pss": "the memory of tender and guest",
    "rss": "the memory of tender and guest",
}
DISTURBED = 0.02  # of the time in which others kept a guest from a processor
WAIT = "processor_wait"


def of(fields: TestFields, found: Findings) -> tuple[Growth, ...]:
    """What has a bound, in the order of the matrix. Nothing of a soak that did not begin."""
    if not fields.soak or found.soaked is None:
        return ()
    units = {MEMORY: "B", **{name: metric.unit for name, metric in fields.metrics.items()}}
    bounds = fields.soak.max_growth.items()
    return tuple(
        _of_one(name, units.get(name, ""), bound, fields.soak, found.series, found.soaked) for name, bound in bounds
    )


def _of_one(name: str, unit: str, bound: float, soak: Soak, series: Mapping[str, Series], began: float) -> Growth:
    from bootmatrix.statistics import growth  # noqa: PLC0415  # 10 ms, only where there is a soak

    given = series.get(name)
    points = [point for point in given.points if point[0] >= began + soak.warm] if given else []
    found = growth.slope([at for at, _ in points], [value for _, value in points])
    what = given.of if given else ""
    if found is None:
        needed = _needed(points, soak, began + soak.duration)
        return Growth(name, unit, 0.0, 0.0, 0.0, bound, Side.UNDECIDED, needed, of=what)
    needed = found.needed(bound / HOUR)
    return Growth(
        name,
        unit,
        slope=found.middle * HOUR,
        low=found.low * HOUR,
        high=found.high * HOUR,
        bound=bound,
        verdict=found.side(bound / HOUR),
        needed=needed + soak.warm if needed else 0.0,
        seconds=found.seconds,
        of=what,
    )


def _needed(points: Sequence[tuple[float, float]], soak: Soak, end: float) -> float:
    """How long a soak must be that has enough samples, as often as they came until its end, or where they only came too
    unevenly, twice as long; 0 where hardly any came.
    """
    from bootmatrix.statistics import growth  # noqa: PLC0415  # 10 ms, only where there is a soak

    if len(points) < 2:  # noqa: PLR2004
        return 0.0
    apart = (max(end, points[-1][0]) - points[0][0]) / (len(points) - 1)
    needed = soak.warm + growth.fewest(max(soak.sample, apart))
    return needed if needed > soak.duration else 2 * soak.duration


def complaints(grown: Sequence[Growth]) -> Iterator[str]:
    """Of each that grows by more than it may."""
    for each in grown:
        if each.verdict == Side.ABOVE:
            yield f"{_grows(each)}, more than the {human_rate(each.bound, each.unit)} that are allowed"


def weighed(judged: Judgement, grown: Sequence[Growth]) -> Judgement:
    """A pass is none where it is not known whether something grows by more than it may."""
    if not grown:
        return judged
    open_ones = [_open(each) for each in grown if each.verdict == Side.UNDECIDED]
    if judged.verdict == Verdict.PASSED and open_ones:
        return replace(judged, verdict=Verdict.UNDECIDED, reason="; ".join(open_ones), growth=tuple(grown))
    if judged.verdict == Verdict.PASSED:
        reason = "; ".join((judged.reason, *map(_grows, grown)))
        return replace(judged, reason=reason, growth=tuple(grown))
    return replace(judged, growth=tuple(grown))


def disturbed(judged: Judgement, fields: TestFields, found: Findings, seconds: float) -> Judgement:
    """With how much of the time others kept a soaked guest from a processor, and a word on it where that is much."""
    if not fields.soak or found.soaked is None or found.strain is None or seconds <= 0:
        return judged
    share = 1.0 - found.strain.free(seconds, fields.cpus)
    measure = Measure(WAIT, round(100 * share, 3), "%")
    judged = replace(judged, metrics=(*judged.metrics, measure))
    if share <= DISTURBED:
        return judged
    what = f"others kept it from a processor for {share:.1%} of its time: run fewer at once (-j) where times matter"
    return replace(judged, reason=f"{judged.reason}; {what}")


def _grows(each: Growth) -> str:
    """`the guest's memory grows by 60 MiB/h (58 to 61 MiB/h)`."""
    low, high = human_rate(each.low, each.unit), human_rate(each.high, each.unit)
    return f"{_name(each)} grows by {human_rate(each.slope, each.unit)} ({low} to {high})"


def _open(each: Growth) -> str:
    """What is known, and how long it would take to know on which side of the bound that is."""
    if not each.seconds:
        what = f"too few samples to tell how fast {_name(each)} grows"
    else:
        what = f"{_grows(each)}, and {human_rate(each.bound, each.unit)} are allowed"
    if each.needed:
        return f"{what}: a soak of about {human_time(each.needed)} would tell"
    return f"{what}: a longer soak may tell" if each.seconds else what


def _name(each: Growth) -> str:
    return NAMES.get(each.of, each.name)
