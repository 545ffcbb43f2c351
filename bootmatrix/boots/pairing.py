"""Boots in turn: tests that differ in one axis alone, on one worker, until their difference is known well enough."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bootmatrix.boots.boot import Postponed
from bootmatrix.matrix.keys.pair import MOST
from bootmatrix.model import PairFinding, PairVerdict, Verdict
from bootmatrix.paired import COLUMNS, column
from bootmatrix.quantities import how_many
from bootmatrix.statistics.turns import EACH, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bootmatrix.boots.boot import Booter
    from bootmatrix.matrix.keys.pair import Pair
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Measure, Result
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep
    from bootmatrix.statistics.turns import Ratio

FILE = "1.pair.csv"
ROUND = 10  # to a multiple of so many are boots rounded up that are proposed
WIDEST = 0.5  # half an interval, from which on it is not worth telling


@dataclass(frozen=True)
class Partner:
    """A test, and its `value` of the axis."""

    step: BootStep
    fields: TestFields
    place: Place
    value: str


@dataclass
class Pairing:
    """Boots partners in turn, the one that others are held against first among them; `say` is told how far it is."""

    booter: Booter
    pair: Pair
    partners: Sequence[Partner]
    seed: str
    say: Callable[[str], None] = lambda _text: None
    _last: dict[int, Result] = field(default_factory=dict)
    _first: dict[int, str] = field(default_factory=dict)
    _seconds: dict[int, float] = field(default_factory=dict)
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _why: str = ""
    """Why nothing can be compared."""

    def run(self) -> list[Result] | None:
        """The result of each partner, in their order; None if the run's stop cut them short. Raises Fatal.

        Once a boot did not pass, those are only booted that never were.
        """
        turns = Turns(len(self.partners), self.pair.of, self.pair.until / 100, self.pair.most, self.seed)
        if len(self.partners) == 1:
            self._why = f"no test with another {self.pair.axis} ran with it"
        while (len(self._last) < len(self.partners) or not self._why) and (order := turns.block()):
            self.say(f"{len(self._rows) // len(self.partners)} of at most {self.pair.most} boots of each")
            found = []
            for side in order:
                if self._why and side in self._last:
                    continue
                measured = self._boot(side, turns)
                if measured is None:
                    return None
                found.append(measured)
            if not self._why:
                turns.add(order, found)
        return [self._result(side, turns) for side in range(len(self.partners))]

    def _boot(self, side: int, turns: Turns) -> dict[str, float] | None:
        """What was measured, nothing if that does not count; None if it was cut short."""
        partner = self.partners[side]
        result = self.booter.run(partner.step, partner.fields, partner.place)
        if isinstance(result, Postponed):
            result = self.booter.run(partner.step, partner.fields, partner.place, result)
        if result is None or isinstance(result, Postponed):
            return None
        self._last[side] = result
        self._first.setdefault(side, result.started)
        self._seconds[side] = self._seconds.get(side, 0.0) + result.seconds
        at_once = result.verdict == Verdict.PASSED and len(result.attempts) == 1
        measured = {measure.name: measure.value for measure in result.measures}
        row = dict(zip(COLUMNS, self._told(side, result, turns, counts=at_once), strict=True))
        self._rows.append(row | {column(name): measured[name] for name in self.pair.of if name in measured})
        if result.verdict != Verdict.PASSED and not self._why:
            times = sum(each["value"] == partner.value for each in self._rows)
            self._why = f"{partner.value} came to '{result.verdict}' at its boot {times}"
        return measured if at_once else {}

    def _told(self, side: int, result: Result, turns: Turns, *, counts: bool) -> tuple[Any, ...]:
        """What stands in the columns."""
        counted = "yes" if counts and turns.counts() else "no"
        value = self.partners[side].value
        return len(self._rows) + 1, turns.begun, counted, value, result.started, result.seconds, result.verdict

    def _result(self, side: int, turns: Turns) -> Result:
        """That of the last boot, with all boots in a file, and what came of them."""
        last = self._last[side]
        if len(self._rows) > 1 and last.attempts:
            kept = self.booter.store.keep_file(last.id, FILE, self._csv())
            last = replace(
                last,
                attempts=(*last.attempts[:-1], replace(last.attempts[-1], files=(*last.attempts[-1].files, kept))),
            )
        pairs = tuple(self._findings(side, turns)) if side or len(self.partners) == 1 else ()
        return replace(last, started=self._first[side], seconds=round(self._seconds[side], 4), pairs=pairs)

    def _csv(self) -> bytes:
        text = io.StringIO()
        writer = csv.DictWriter(
            text, [*COLUMNS, *map(column, dict.fromkeys(self.pair.of))], restval="", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(self._rows)
        return text.getvalue().encode()

    def _findings(self, side: int, turns: Turns) -> Iterator[PairFinding]:
        base = self.partners[0].value if side else ""
        blank = PairFinding(self.pair.axis, base, self.partners[side].value, PairVerdict.UNKNOWN, self._why)
        if self._why:
            yield blank
            return
        measures = self._measures(side)
        for measure in measures:
            named = replace(
                blank, name=measure.name, unit=measure.unit, better=measure.better, until=self.pair.until / 100
            )
            yield _finding(named, turns.ratio(side, measure.name), turns)
        if measures and "of" not in self.pair.model_fields_set:
            return  # nobody asked for the others by name
        for name in self.pair.of:
            if name not in {measure.name for measure in measures}:
                yield replace(blank, name=name, why="it was not measured")

    def _measures(self, side: int) -> list[Measure]:
        """Those that were asked for, in that order."""
        found = {measure.name: measure for measure in self._last[side].measures}
        return [found[name] for name in dict.fromkeys(self.pair.of) if name in found]


def _finding(blank: PairFinding, ratio: Ratio | None, turns: Turns) -> PairFinding:
    if ratio is None:
        return replace(blank, why="it was not measured on both sides, or is not above 0")
    found = replace(blank, before=ratio.before, after=ratio.after, change=ratio.change, boots=ratio.blocks * EACH)
    if ratio.low is None or ratio.high is None:
        why = f"{how_many(found.boots, 'boot')} of each that count are too few: `most` must be {turns.fewest} or more"
        return replace(found, why=why)
    found = replace(found, low=ratio.low, high=ratio.high)
    if not ratio.low <= 0 <= ratio.high and abs(ratio.change) >= blank.until:
        return replace(found, verdict=PairVerdict.MORE if ratio.change > 0 else PairVerdict.LESS)
    if ratio.half <= blank.until:
        return replace(found, verdict=PairVerdict.SAME)
    return replace(found, verdict=PairVerdict.UNDECIDED, why=_not_enough(found.boots, blank.until, ratio, turns))


def _not_enough(boots: int, until: float, ratio: Ratio, turns: Turns) -> str:
    """With what would probably be: so many boots, or where those are more than can be asked for, what else helps."""
    why = f"{how_many(boots, 'boot')} of each were not enough for ±{100 * until:.4g}%"
    lost = turns.counted / ratio.blocks  # blocks in which one passed only after a retry
    needed = ratio.needed(until) * lost
    if needed <= MOST:
        return f"{why}: `most: {min(MOST, math.ceil(needed / ROUND) * ROUND)}` probably is"
    half = ratio.within(round(MOST / lost))
    given = f"; {MOST:,} would give about ±{100 * half:.2g}%" if half < WIDEST else ""
    return f"{why}{given}: make the measured boot shorter, raise `until`, or use a quieter host"
