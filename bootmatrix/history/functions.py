"""In which functions a count changed since the last night before: read from both runs' own tables, as far as they are
still there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix.counting import part
from bootmatrix.history.measuring import COUNTED

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from bootmatrix.counting.part import Tables
    from bootmatrix.history.findings import Change, Changes, Night

MOST = 20  # tests of which it is told
BACK = 5  # nights with a run's folder that are looked into for a table

Functions = dict[str, "Counter[str]"]


def added(changes: Changes, tonight: Tables, run_of: Callable[[Night], Tables | None]) -> Changes:
    """The same, with the functions of counts that changed; `run_of` finds what is left of an earlier run."""
    wanted = [change for change in changes.changes if change.measure in COUNTED and change.since][:MOST]
    if not wanted:
        return changes
    new = tonight.of({change.test for change in wanted})
    earlier = _Earlier(changes, {*new}, run_of)
    named = {id(change): _named(change, new, earlier) for change in wanted if change.test in new}
    return replace(changes, changes=tuple(named.get(id(change), change) for change in changes.changes))


class _Earlier:
    """The tables of the nights before tonight; each run is looked into once."""

    def __init__(self, changes: Changes, tests: set[str], run_of: Callable[[Night], Tables | None]) -> None:
        self.nights = [night.run for night in changes.nights]
        self._by_run = {night.run: night for night in changes.nights}
        self._tests, self._run_of = tests, run_of
        self._read: dict[str, Functions | None] = {}

    def before(self, change: Change) -> Counter[str] | None:
        """The last table of its test from before the change."""
        since = change.since.run if change.since else ""
        until = self.nights.index(since) if since in self.nights else len(self.nights)
        there = (found for run in reversed(self.nights[:until]) if (found := self._of(run)) is not None)
        some = (found.get(change.test) for _, found in zip(range(BACK), there, strict=False))
        # what was counted must be what the change is measured by: a night between may have been of another kind
        return next((table for table in some if table and sum(table.values()) == change.before), None)

    def _of(self, run: str) -> Functions | None:
        if run not in self._read:
            found = self._run_of(self._by_run[run])
            self._read[run] = found.of(self._tests) if found else None
        return self._read[run]


def _named(change: Change, new: Functions, earlier: _Earlier) -> Change:
    old, now = earlier.before(change), new[change.test]
    if old is None or sum(now.values()) != change.after:
        return change
    found = part.parts(old, now)
    return replace(change, detail=f"{change.detail}: {part.told(found)}", functions=found)
