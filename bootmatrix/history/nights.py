"""A run against the last ones of a branch: what is to be said of each test. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

from bootmatrix.history import measuring, pairing, streaks
from bootmatrix.history.findings import KINDS, Change, Changes
from bootmatrix.model import Verdict
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bootmatrix.history.findings import Night
    from bootmatrix.history.point import Point

LAST = 100  # runs that one is compared with
REASONS = 5  # of the infrastructure that are noted


def compare(tonight: Night, nights: Sequence[Night], points: Iterable[Point], branch: str = "") -> Changes:
    """`nights` of `branch` came before, the oldest first.

    `points` are those of all of them and of tonight, test by test.
    """
    window = (*nights, tonight)
    changes: list[Change] = []
    silent: Counter[str] = Counter()
    quarantined = 0
    for row in rows(window, points):
        last = row[-1]
        if nights:
            changes += streaks.changes(window, row)
            changes += measuring.changes(window, row)
            changes += pairing.changes(window, row)
        if last and streaks.says_nothing(last):
            silent[last.reason.partition("\n")[0]] += 1
        quarantined += bool(last and last.verdict == Verdict.QUARANTINED)
    changes.sort(key=lambda change: (KINDS.index(change.kind), change.test, change.measure))
    notes = tuple(_notes(tonight, nights, silent, quarantined))
    return Changes(branch=branch, nights=tuple(nights), changes=tuple(changes), notes=notes)


def rows(window: Sequence[Night], points: Iterable[Point]) -> Iterator[list[Point | None]]:
    """For each test what it came to in each night.

    What a run skipped that was interrupted, or took only some tests, is left out: it may only not have been reached.
    """
    position = {night.run: index for index, night in enumerate(window)}
    for _, each in itertools.groupby(points, key=lambda point: point.id):
        row: list[Point | None] = [None] * len(window)
        for point in each:
            index = position[point.run]
            if not (point.verdict == Verdict.SKIPPED and window[index].partial):
                row[index] = point
        yield row


def _notes(tonight: Night, nights: Sequence[Night], silent: Counter[str], quarantined: int) -> Iterator[str]:
    if not nights:
        yield "there is no earlier run to compare with"
    if tonight.partial:
        yield "this run was interrupted, or asked for some of the tests only: those that it lacks are not told as gone"
    for reason, count in silent.most_common(REASONS):
        yield f"{how_many(count, 'test')} without a result, because the infrastructure failed: {reason}"
    if rest := sum(silent.values()) - sum(count for _, count in silent.most_common(REASONS)):
        yield f"{how_many(rest, 'more test')} without a result, because the infrastructure failed"
    if quarantined:
        yield f"{how_many(quarantined, 'test')} in quarantine did not pass"
