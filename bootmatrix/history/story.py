"""Prints one test's results run by run: a line for each, a sparkline for each measure, and a summary."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bootmatrix import paired
from bootmatrix.history import measuring, pairing, streaks, summary
from bootmatrix.history.nights import rows
from bootmatrix.model import Verdict
from bootmatrix.screen import signs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bootmatrix.history.findings import Change, Night
    from bootmatrix.history.point import Point
    from bootmatrix.model import Measure
    from bootmatrix.screen.pen import Span

LONGEST = 100  # characters of a reason in its line
PARTS = 8  # of the height of a sparkline
BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Story:
    """A test's results in the nights that have it, the oldest first, and what the last of them says of it."""

    test: str
    nights: tuple[tuple[Night, Point], ...]
    changes: tuple[Change, ...]
    rate: tuple[float, float, float] | None

    @property
    def measures(self) -> list[tuple[Measure, list[float | None]]]:
        """What the last result measured, and the same before under the same conditions."""
        last = self.nights[-1][1]
        points = [point for _, point in self.nights]
        return [(measure, measuring.series(points, measure)) for measure in last.measures]


def of(window: Sequence[Night], points: Iterable[Point]) -> Iterator[Story]:
    for row in rows(window, points):
        pairs = tuple((night, point) for night, point in zip(window, row, strict=True) if point)
        if pairs:
            seen, only = [night for night, _ in pairs], [point for _, point in pairs]
            said = _changes(seen, only) if len(pairs) > 1 else ()
            yield Story(pairs[-1][1].id, pairs, said, streaks.rate(only))


def _changes(seen: Sequence[Night], row: Sequence[Point]) -> tuple[Change, ...]:
    return (*streaks.changes(seen, row), *measuring.changes(seen, row), *pairing.changes(seen, row))


def lines(story: Story, *, unicode: bool) -> Iterator[list[Span]]:
    alphabet = signs.UNICODE if unicode else signs.ASCII
    yield [(story.test, "bold")]
    yield [("  ", ""), *((alphabet.of[point.verdict], point.verdict) for _, point in story.nights)]
    width = max(len(streaks.named(night)) for night, _ in story.nights)
    before = None
    for night, point in story.nights:
        if point.kind != before:
            yield [(f"  on {place(point)}", "dim")]
            before = point.kind
        yield [
            (f"  {alphabet.of[point.verdict]} ", point.verdict),
            (f"{streaks.named(night):<{width}}  ", ""),
            (f"{point.verdict:<10}  ", point.verdict),
            (_details(point), ""),
        ]
    for measure, series in story.measures:
        if any(value is not None for value in series):
            unit = measuring.own_unit(measure)
            yield [(f"  {measure.name}: {sparkline(series, unicode=unicode)} {_range(series, unit)}", "")]
    for change in story.changes:
        yield [(f"  {change.kind}: {summary.words(change)}", summary.STYLES[change.kind])]
    if story.rate and story.rate[0] and not any(change.rate for change in story.changes):
        yield [(f"  {summary.rate(story.rate)}", Verdict.FLAKY)]
    yield [("", "")]


def place(point: Point) -> str:
    """Where it booted, in words."""
    parts = (point.host, point.accelerator, point.digest.removeprefix("sha256:")[:12])
    return ", ".join(part for part in parts if part) or "an unknown host"


def _details(point: Point) -> str:
    measured = "  ".join(f"{one.name} {measuring.shown(one.value, measuring.own_unit(one))}" for one in point.measures)
    reason = "" if point.verdict == Verdict.PASSED else " ".join(point.reason.split())
    cut = f"{reason[:LONGEST]} …" if len(reason) > LONGEST else reason
    turns = paired.sentence(point.pairs) if point.pairs else ""
    return "  ".join(part for part in (measured, turns, cut) if part)


def sparkline(series: Sequence[float | None], *, unicode: bool) -> str:
    """A sign for each value, the lowest and the highest at the ends of the scale; a gap where there is none."""
    known = [value for value in series if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    blocks = BLOCKS if unicode else "12345678"
    span = high / 2 - low / 2  # halves: a guest may tell any number
    return "".join(
        " " if value is None else blocks[int((value / 2 - low / 2) / span * (PARTS - 1) + 0.5) if span else PARTS // 2]
        for value in series
    )


def _range(series: Sequence[float | None], unit: str) -> str:
    known = [value for value in series if value is not None]
    least, middle, most = (measuring.shown(value, unit) for value in (min(known), statistics.median(known), max(known)))
    return least if least == most else f"{least} to {most}, median {middle}"


def as_dict(story: Story) -> dict[str, Any]:
    """For JSON."""
    return {
        "test": story.test,
        "rate": story.rate,
        "changes": [asdict(change) for change in story.changes],
        "runs": [_as_dict(night, point) for night, point in story.nights],
    }


def _as_dict(night: Night, point: Point) -> dict[str, Any]:
    return {
        "run": night.run,
        "started": night.started,
        "commit": night.commit,
        "branch": night.branch,
        "verdict": point.verdict,
        "reason": point.reason,
        "infrastructure": point.infrastructure,
        "host": point.host,
        "accelerator": point.accelerator,
        "digest": point.digest,
        "measures": {measure.name: {"value": measure.value, "unit": measure.unit} for measure in point.measures},
        **({"pairs": [asdict(each) for each in point.pairs]} if point.pairs else {}),
    }
