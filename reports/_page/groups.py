"""The tests that did not simply pass, grouped by why: each reason once, with the end of a console that shows it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bootmatrix.grouping import Group, Sum, largest_first
from bootmatrix.model import BAD_VERDICTS, GOOD_VERDICTS, Verdict

from . import consoles
from .packing import packed

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result

SIMPLE = frozenset({Verdict.PASSED, Verdict.EXPECTED_FAILURE})
KINDS = {
    "failed": BAD_VERDICTS,
    "quarantined": (Verdict.QUARANTINED,),
    "undecided": (Verdict.UNDECIDED,),
    "flaky": (Verdict.FLAKY,),
    "skipped": (Verdict.SKIPPED,),
}
"""Of what is told apart, the verdicts."""
MOST = 100  # reasons of a kind
PLACES = 4  # in matrix.yaml, of those that the tests of a reason have


@dataclass
class Groups:
    """`at` has the number of a group, from 1 on in the order in which they came, for each test that is not SIMPLE."""

    total: Sum = field(default_factory=lambda: Sum(SIMPLE))
    at: array[int] = field(default_factory=lambda: array("I"))
    numbers: dict[int, int] = field(default_factory=dict)
    repros: dict[int, str] = field(default_factory=dict)
    """The command that repeats the first test of each group, whether it booted or not."""
    places: dict[int, dict[str, None]] = field(default_factory=dict)
    """Where the tests of each group stand in matrix.yaml, the first PLACES of them."""

    def add(self, result: Result) -> None:
        if result.verdict in SIMPLE:
            return
        group = self.total.add(result)
        if group is None:
            self.at.append(0)
            return
        number = self.numbers.setdefault(id(group), len(self.numbers) + 1)
        self.at.append(number)
        self.repros.setdefault(number, result.repro)
        where, places = result.quarantine.where or result.where, self.places.setdefault(number, {})
        if where and len(places) < PLACES:
            places[where] = None

    def plain(self, folder: Path) -> dict[str, Any]:
        """`told`: those of each kind that have the most tests, the largest first. `left`: how many tests others have.

        `at`: for each test that is not SIMPLE, in the run's order, the place of its group in `told`, from 1 on.
        """
        shown: list[Group] = []
        left = {}
        for kind, verdicts in KINDS.items():
            groups, left[kind] = self.total.most(MOST, verdicts)
            shown += largest_first(groups)
        places = {self.numbers[id(group)]: place for place, group in enumerate(shown, 1)}
        return {
            "told": [self._plain(group, folder) for group in shown],
            "left": left,
            "simple": sorted(SIMPLE),
            "at": packed([places.get(number, 0) for number in self.at], len(shown)),
        }

    def _plain(self, group: Group, folder: Path) -> dict[str, Any]:
        bad, number = group.verdict not in GOOD_VERDICTS, self.numbers[id(group)]
        file = group.console if bad else ""
        return {
            "verdict": group.verdict,
            "reason": group.reason,
            "where": list(self.places[number]),
            "test": group.booted or group.ids[0],
            "repro": group.repro or self.repros[number],
            "booted": bad and bool(group.booted),
            "file": file,
            "end": consoles.last(folder, file),
        }
