"""Collects each test's result from the shards: the worst of several, and an error if none has it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bootmatrix import results
from bootmatrix.errors import Problem, UserError, printable
from bootmatrix.judging import concluding
from bootmatrix.judging.concluding import About
from bootmatrix.matrix.expanding import cells
from bootmatrix.merging import anew
from bootmatrix.model import RANKS, Verdict, repro
from bootmatrix.schedule import shard as shards

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from bootmatrix.matrix.resolve import Boot
    from bootmatrix.merging.received import Part, Refused
    from bootmatrix.model import Result
    from bootmatrix.schedule.shard import Weight

NOTHING = "sent no results: its job was cut short, or its artifact is missing here"


class Gathered:
    """Where the result of each test is: the number of the shard, and the place among its results."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.places: dict[str, tuple[int, int]] = {}
        self.twice: Counter[str] = Counter()
        for number, part in enumerate(parts):
            for at, (cell, test) in enumerate(results.names(part.run.results)):
                self._add(f"{cell}/{test}", (number, at))

    def _add(self, test: str, place: tuple[int, int]) -> None:
        if test in self.places:
            self.twice[test] += 1
            place = min(self.places[test], place, key=lambda each: RANKS[self._at(each).verdict])
        self.places[test] = place

    def _at(self, place: tuple[int, int]) -> Result:
        number, at = place
        return self.parts[number].run.results[at]

    def result(self, test: str) -> tuple[Result, Part] | None:
        """What was reported of it, and by which shard."""
        place = self.places.get(test)
        return (self._at(place), self.parts[place[0]]) if place else None

    def check(self, expected: Collection[str]) -> None:
        """Raises UserError if a shard reported a test that is not expected."""
        if other := next((test for test in self.places if test not in expected), ""):
            count = sum(test not in expected for test in self.places)
            found = self.result(other)
            where = f"{found[1].folder} reports" if found else "the shards report"
            such = f"such as {printable(other)} ({count:,} in all)"
            what = f"{where} tests that this matrix or selection does not have, {such}"
            remedy = "merge on the commit that was run, with the same --select, or with --as-told"
            raise UserError(Problem(what, remedy=remedy))


class Missing:
    """Why no shard reported a test: which one should have. Without shards that say what they are, nobody knows."""

    def __init__(self, parts: Sequence[Part], refused: Sequence[Refused], weights: Mapping[str, Weight]) -> None:
        asked = [part.shard for part in parts if part.shard]
        self.sent = {shard.number for shard in asked}
        self.of = _number(shard.of for shard in (*asked, *(each.shard for each in refused)) if shard)
        self.refused = {each.shard.number: each.why for each in refused if each.shard}
        self.unknown = next((f": {each.why}" for each in refused if not each.shard), "")
        planned = shards.parts(self.of, weights) if self.of else []
        if any(shard.key not in {"", planned[shard.number - 1].key} for shard in asked):
            planned = []  # they had other times than we have
        self.part = {cell: number for number, part in enumerate(planned, 1) for cell in part.cells}

    def reason(self, cell: str) -> str:
        number = self.part.get(cell)
        if number is None:
            absent = [f"{n}/{self.of}" for n in range(1, self.of + 1) if n not in self.sent]
            of_them = f"; {', '.join(absent[:20])} sent nothing" if absent else ""
            return f"no shard reported this test{of_them}{self.unknown}"
        if number in self.refused and number not in self.sent:
            return f"shard {number}/{self.of} sent no results that can be used: {self.refused[number]}"
        if number in self.sent:
            return f"shard {number}/{self.of} reported, but without this test"
        return f"shard {number}/{self.of} {NOTHING}{self.unknown}"

    def result(self, boot: Boot, started: str, where: str) -> Result:
        """`where` is the test's place in matrix.yaml."""
        cell, name, _, params = boot
        test = cells.test_id(name, params)
        about = About(cell.id, test, anew.axes_of(boot), repro(f"{cell.id}/{test}"), where)
        return concluding.result(about, Verdict.ERROR, self.reason(cell.id), started=started, infrastructure=True)


def _number(counts: Iterable[int]) -> int:
    """Of how many shards they are, 0 if none says so; raises UserError if they differ."""
    found = sorted(set(counts))
    if len(found) > 1:
        what = f"the shards belong to different plans: of {' and of '.join(map(str, found))} shards"
        raise UserError(Problem(what, remedy="merge the shards of one plan"))
    return found[0] if found else 0
