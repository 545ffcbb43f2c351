"""Results grouped by verdict and reason: of many tests that fail in one way, that way is told once."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.model import RANKS, VERDICTS, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bootmatrix.model import PairFinding, Result

SHOWN = 5  # ids that are named of those that share a reason
KEPT = 1000  # reasons of a verdict that are remembered, so that those of most tests can be told
LONGEST = 4096  # characters of a reason that are kept
BUILD = re.compile(r"^build \S+ ")  # one mistake in the source fails each of its builds

TIME = r"[0-9. a-zµ]{1,30}"
PROCESSOR = rf"[0-9]+% of a processor|a processor for {TIME} and could have had one for {TIME}"
SHARE = re.compile(rf"(?:within|for) {TIME}, in which it had (?:{PROCESSOR})")  # each starved boot had another one
LIVED = re.compile(rf"by itself {TIME} before (its soak of {TIME} was over), after {TIME} of it")
LATE = re.compile(r"(no end|no console output) (?:within|for)(?: [0-9.]+ [a-zµ]+)+")  # a later try has more time


@dataclass
class Group:
    """Tests that have a verdict and a reason in common.

    `repro` and `console` (a file relative to the run's folder, of its last attempt that did not pass) are those of the
    first that was booted, whose id is `booted`; `where` is the place of the first that has one: its quarantine's, or
    its own.
    """

    verdict: Verdict
    reason: str
    count: int = 0
    ids: list[str] = field(default_factory=list)
    booted: str = ""
    repro: str = ""
    console: str = ""
    where: str = ""

    def add(self, result: Result) -> None:
        self.count += 1
        reason = result.reason[:LONGEST]
        if reason.count("\n") > self.reason.count("\n"):  # not every test of a failed build tells all of it
            self.reason = reason
        if len(self.ids) < SHOWN:
            self.ids.append(result.id)
        if result.attempts and not self.repro:
            told = next(
                (each for each in reversed(result.attempts) if each.verdict != Verdict.PASSED), result.attempts[-1]
            )
            self.booted, self.repro, self.console = result.id, result.repro, told.console or told.tender
        self.where = self.where or result.quarantine.where or result.where


@dataclass
class Sum:
    """The results, counted; `others` are those of each verdict whose reasons came after too many others.

    It keeps no result: there may be 100,000. Those of a `good` verdict are only counted.
    """

    good: Collection[Verdict]
    counts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    reused: int = 0
    others: Counter[Verdict] = field(default_factory=Counter)
    groups: dict[tuple[Verdict, str], Group] = field(default_factory=dict)
    kept: Counter[Verdict] = field(default_factory=Counter)
    """How many groups each verdict has."""
    pairs: list[tuple[str, tuple[PairFinding, ...]]] = field(default_factory=list)
    """The ids of tests that booted in turn, and what came of it."""

    def add(self, result: Result) -> Group | None:
        """The group that it is in now; None if it is in none."""
        self.counts[result.verdict] += 1
        self.reused += bool(result.reused)
        if result.pairs and len(self.pairs) < KEPT:
            self.pairs.append((result.id, result.pairs))
        if result.verdict in self.good:
            return None
        key = (result.verdict, _kind(result))
        group = self.groups.get(key)
        if group is None and self.kept[result.verdict] >= KEPT:
            self.others[result.verdict] += 1
            return None
        if group is None:
            self.kept[result.verdict] += 1
            group = self.groups[key] = Group(result.verdict, result.reason[:LONGEST])
        group.add(result)
        return group

    @property
    def bad(self) -> int:
        return self.others.total() + sum(group.count for group in self.groups.values())

    def most(self, number: int, verdicts: Collection[Verdict] = VERDICTS) -> tuple[list[Group], int]:
        """The largest groups of these verdicts, in the order in which they came, and how many other tests there are."""
        of_them = [group for group in self.groups.values() if group.verdict in verdicts]
        kept = {id(group) for group in heapq.nlargest(number, of_them, key=lambda group: group.count)}
        rest = sum(group.count for group in of_them if id(group) not in kept)
        return [group for group in of_them if id(group) in kept], rest + sum(map(self.others.__getitem__, verdicts))


def sum_up(results: Iterable[Result], good: Collection[Verdict]) -> Sum:
    """Goes over the results once."""
    total = Sum(good)
    for result in results:
        total.add(result)
    return total


def _kind(result: Result) -> str:
    """What tests of one reason have in common: of those that never booted, its first line, whichever build it names."""
    reason = LATE.sub(r"\1 in time", SHARE.sub("in time", result.reason[:LONGEST]))
    reason = LIVED.sub(r"before \1", reason)
    return reason if result.attempts else BUILD.sub("build ", reason.partition("\n")[0], count=1)


def worst_first(groups: Iterable[Group]) -> list[Group]:
    """By verdict, then the larger before the smaller."""
    return sorted(groups, key=lambda group: (RANKS[group.verdict], -group.count))


def largest_first(groups: Iterable[Group]) -> list[Group]:
    """By how many tests they have, then the worse verdict before the better."""
    return sorted(groups, key=lambda group: (-group.count, RANKS[group.verdict]))
