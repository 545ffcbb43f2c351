"""What a run came to: those that are not good by their reasons, counts, and where the files are."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.model import VERDICTS
from bootmatrix.quantities import human_time
from bootmatrix.screen.words import LONGEST, number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from bootmatrix.model import Result, Run
    from bootmatrix.screen.pen import Span

SHOWN = 5  # ids that are named of those that share a reason
MOST = 50  # reasons that are told
KEPT = 1000  # reasons that are remembered, so that those of most tests can be told
REASON_LINES = 10


@dataclass
class Group:
    """Tests that have a verdict and a reason in common."""

    verdict: str
    reason: str
    count: int = 0
    ids: list[str] = field(default_factory=list)
    repro: str = ""

    def add(self, result: Result) -> None:
        self.count += 1
        if len(self.ids) < SHOWN:
            self.ids.append(result.id)
        if result.attempts and not self.repro:
            self.repro = result.repro


@dataclass
class Sum:
    """The results, counted; `others` are those of reasons that came after too many others."""

    counts: dict[str, int]
    reused: int = 0
    others: int = 0
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)

    @property
    def bad(self) -> int:
        return self.others + sum(group.count for group in self.groups.values())


def sum_up(results: Iterable[Result], good: Collection[str]) -> Sum:
    """Goes over the results once, and keeps none: there may be 100,000."""
    total = Sum(dict.fromkeys(VERDICTS, 0))
    for result in results:
        total.counts[result.verdict] += 1
        total.reused += bool(result.reused)
        if result.verdict in good:
            continue
        key = (result.verdict, result.reason[:LONGEST])
        if key not in total.groups and len(total.groups) >= KEPT:
            total.others += 1
            continue
        total.groups.setdefault(key, Group(*key)).add(result)
    return total


def told(run: Run, folder: Path, reports: tuple[Path, ...], *, good: Collection[str], quiet: bool) -> Iterator[Span]:
    """The lines of the summary. If it is to be quiet, and all is good, there are none."""
    total = sum_up(run.results, good)
    as_expected = not total.bad and not run.interrupted
    if quiet and as_expected:
        return
    yield "", ""
    yield from _groups(total, folder)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in total.counts.items() if count) or "no test"
    reused = f", {total.reused} of them as in earlier runs," if total.reused else ""
    ended = "interrupted; " if run.interrupted else ""
    yield f"{ended}{counts}{reused} in {human_time(run.seconds)}", "good" if as_expected else "bad"
    for path in (*reports, folder / "results.json"):
        yield f"  {path}", "dim"


def _groups(total: Sum, folder: Path) -> Iterator[Span]:
    most = set(heapq.nlargest(MOST, total.groups, key=lambda key: total.groups[key].count))
    shown = [group for key, group in total.groups.items() if key in most]
    for group in shown:
        yield from _group(group)
    rest = total.bad - sum(group.count for group in shown)
    if rest:
        yield f"… and {number(rest, 'test')} with other reasons: they are in {folder / 'results.json'}", "bad"


def _group(group: Group) -> Iterator[Span]:
    ids = ", ".join(group.ids) + (" …" if group.count > SHOWN else "")
    count = f" ({group.count} tests)" if group.count > 1 else ""
    first, *others = group.reason.splitlines() or [""]
    yield f"{ids}{count}: {group.verdict}: {first}", group.verdict
    for line in others[:REASON_LINES]:
        yield f"    {line.strip()}", group.verdict
    if len(others) > REASON_LINES:
        yield "    …", group.verdict
    if group.repro:
        yield f"    repeat it: {group.repro}", "dim"
