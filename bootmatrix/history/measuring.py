"""Finds measures that became better or worse over several nights, like compared with like. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.history.findings import Change, ChangeKind
from bootmatrix.model import Verdict, improves
from bootmatrix.quantities import human_size, human_time
from bootmatrix.statistics import alarm, counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.history.findings import Night
    from bootmatrix.history.point import Point
    from bootmatrix.model import Measure
    from bootmatrix.statistics.alarm import Alarm

EXACT = frozenset({"unikernel_size"})  # measures without any noise
SCALED = frozenset({"", "s", "B"})  # units that are told as milliseconds, as KiB, or not at all
COUNTED = frozenset({"instructions"})  # those that have none as long as they are the same night after night


def changes(window: Sequence[Night], row: Sequence[Point | None]) -> Iterator[Change]:
    """The last night is tonight; a boot that did not pass at once says nothing of how long one takes."""
    last = row[-1]
    if last is None or last.verdict != Verdict.PASSED:
        return
    for measure in last.measures:
        if not measure.better:
            continue
        found = _alarm(series(row, measure), measure.name)
        if found:
            kind = ChangeKind.BETTER if improves(found.change, measure.better) else ChangeKind.WORSE
            words = f"{_both(found.before, found.after, own_unit(measure))} ({found.change:+.1%})"
            yield Change(
                kind=kind,
                test=last.id,
                detail=f"{measure.name}: {words}",
                since=window[found.since],
                measure=measure.name,
                before=found.before,
                after=found.after,
                unit=measure.unit,
            )


def _alarm(values: Sequence[float | None], name: str) -> Alarm | None:
    return counts.changed(values) if name in COUNTED else alarm.alarm(values, exact=name in EXACT)


def series(row: Sequence[Point | None], measure: Measure) -> list[float | None]:
    """What was measured in each night under tonight's conditions: host class, accelerator, image and unit."""
    last = row[-1]
    return [
        _value(point, measure)
        if point and last and point.kind == last.kind and point.verdict == Verdict.PASSED
        else None
        for point in row
    ]


def _value(point: Point, measure: Measure) -> float | None:
    same = (each.value for each in point.measures if (each.name, each.unit) == (measure.name, measure.unit))
    return next(same, None)


def _both(before: float, after: float, unit: str) -> str:
    """Exactly, where they would look the same."""
    first, second = shown(before, unit), shown(after, unit)
    return between(first, second, unit) if first != second else f"{before:,.10g} → {after:,.10g} {unit}".rstrip()


def between(first: str, second: str, unit: str) -> str:
    """From one to the other, both `shown`; a unit that does not depend on the number is told once."""
    return f"{first if unit in SCALED else first.removesuffix(f' {unit}')} → {second}"


def own_unit(measure: Measure) -> str:
    """Beside the measure's name: none where it is counted in what it is called."""
    return "" if measure.unit == measure.name else measure.unit


def shown(value: float, unit: str) -> str:
    """With its unit, for people."""
    if unit == "s":
        return human_time(value)
    if unit == "B":
        return human_size(value)
    return f"{value:,.6g} {unit}".rstrip()
