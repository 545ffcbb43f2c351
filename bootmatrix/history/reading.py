"""What tests came to in some nights, read some tests at a time: there may be 100,000 of them in each night."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bootmatrix.history import rows
from bootmatrix.history.point import Point
from bootmatrix.history.tables import measures, metrics, pairs, places, results, runs, tests
from bootmatrix.model import Measure, PairFinding, PairVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from bootmatrix.history.deadline import Deadline
    from bootmatrix.history.findings import Night
    from bootmatrix.history.rows import Damage

AT_ONCE = 20_000  # results that are read at a time
NAMES = 500  # names in a statement

Tests = dict[int, tuple[str, dict[str, str]]]
Words = tuple[str, str, str]
Kept = tuple[Words, Verdict, str, int, int, bool, float | None]
Measures = dict[tuple[int, int], tuple[Measure, ...]]
Pairs = dict[tuple[int, int], tuple[PairFinding, ...]]


@dataclass(frozen=True)
class Reader:
    """`nights` are the names of runs by their numbers, in the order in which they are told."""

    connection: Connection
    nights: Mapping[int, str]
    places: Mapping[int, Words]
    metrics: Mapping[int, Words]
    damage: Damage
    deadline: Deadline

    def points(self, names: Collection[str] | None) -> Iterator[Point]:
        for some in self._tests(names, max(1, AT_ONCE // max(1, len(self.nights)))):
            self.deadline.check()
            yield from self._of(some)

    def _tests(self, names: Collection[str] | None, size: int) -> Iterator[Tests]:
        """The tests of these names, or all, `size` or fewer at a time."""
        query = rows.raw(tests).order_by(tests.c.id)
        if names is not None:
            ordered = iter(sorted(names))
            while batch := list(itertools.islice(ordered, min(size, NAMES))):
                yield self._by_number(self.connection.execute(query.where(tests.c.name.in_(batch))))
            return
        last = 0
        while found := self.connection.execute(query.where(tests.c.id > last).limit(size)).all():
            yield self._by_number(found)
            last = found[-1][0]

    def _by_number(self, found: Iterable[Any]) -> Tests:
        def made(number: int, name: object, axes: object) -> tuple[int, tuple[str, dict[str, str]]]:
            return number, (rows.text(name), rows.axes(axes))

        return dict(rows.sound(found, made, self.damage))

    def _of(self, some: Tests) -> Iterator[Point]:
        measured, paired = self._measures(some), self._pairs(some)
        found = self.connection.execute(rows.raw(results).where(*self._within(results, some)))
        kept = dict(rows.sound(found, self._kept, self.damage))
        for test, (name, axes) in some.items():
            cell, _, short = name.partition("/")
            for run, night in self.nights.items():
                if (test, run) in kept:
                    place, verdict, reason, attempts, failed, infrastructure, begun = kept[test, run]
                    yield Point(
                        run=night,
                        cell=cell,
                        test=short,
                        verdict=verdict,
                        reason=reason,
                        values=axes,
                        attempts=attempts,
                        failed=failed,
                        host=place[0],
                        accelerator=place[1],
                        digest=place[2],
                        measures=measured.get((test, run), ()),
                        infrastructure=infrastructure,
                        pairs=paired.get((test, run), ()),
                        span=None if begun is None else (begun, begun + _took(measured.get((test, run), ()))),
                    )

    def _kept(
        self, run: int, test: int, place: int, verdict: str, reason: str, *more: Any
    ) -> tuple[tuple[int, int], Kept]:
        attempts, failed, infrastructure, begun = more
        return (test, run), (
            self.places[place],
            rows.verdict(verdict),
            rows.text(reason),
            rows.count(attempts),
            rows.count(failed),
            rows.flag(infrastructure),
            rows.moment(begun),
        )

    def _measures(self, some: Tests) -> Measures:
        found: defaultdict[tuple[int, int], list[Measure]] = defaultdict(list)
        query = self.connection.execute(rows.raw(measures).where(*self._within(measures, some)))
        for key, measure in rows.sound(query, self._measured, self.damage):
            found[key].append(measure)
        return {key: tuple(each) for key, each in found.items()}

    def _measured(self, run: int, test: int, metric: int, value: float) -> tuple[tuple[int, int], Measure]:
        name, unit, better = self.metrics[metric]
        return (test, run), Measure(name, rows.number(value), unit, better)

    def _pairs(self, some: Tests) -> Pairs:
        found: defaultdict[tuple[int, int], list[PairFinding]] = defaultdict(list)
        query = self.connection.execute(rows.raw(pairs).where(*self._within(pairs, some)))
        for key, each in rows.sound(query, self._paired, self.damage):
            found[key].append(each)
        return {key: tuple(each) for key, each in found.items()}

    def _paired(self, run: int, test: int, metric: int, *more: Any) -> tuple[tuple[int, int], PairFinding]:
        name, unit, better = self.metrics[metric]
        axis, base, value, verdict, why = map(rows.text, more[:5])
        before, after, change, low, high, until = map(rows.number, more[5:-1])
        return (test, run), PairFinding(
            axis,
            base,
            value,
            PairVerdict(verdict),
            why,
            name,
            unit,
            better,
            before,
            after,
            change,
            low,
            high,
            until,
            rows.count(more[-1]),
        )

    def _within(self, table: Table, some: Tests) -> list[ColumnElement[bool]]:
        """The rows of the nights and of these tests; numbers that lie close are a range."""
        low, high = min(some, default=0), max(some, default=0)
        close = high - low < 2 * len(some)
        mine = table.c.test_id.between(low, high) if close else table.c.test_id.in_(list(some))
        return [table.c.run_id.in_(list(self.nights)), mine]


def _took(measures: Iterable[Measure]) -> float:
    return next((measure.value for measure in measures if measure.name == "boot_time"), 0.0)


def reader(connection: Connection, nights: Sequence[Night], damage: Damage, deadline: Deadline) -> Reader:
    order = {night.run: position for position, night in enumerate(nights)}
    found = connection.execute(rows.raw(runs.c.id, runs.c.run).where(runs.c.run.in_(list(order)))).all()
    ours: dict[int, str] = dict(sorted(map(tuple, found), key=lambda row: order[row[1]]))
    return Reader(
        connection, ours, _words(connection, places, damage), _words(connection, metrics, damage), damage, deadline
    )


def _words(connection: Connection, table: Table, damage: Damage) -> dict[int, Words]:
    def made(number: int, *words: str) -> tuple[int, Words]:
        first, second, third = map(rows.text, words)
        return number, (first, second, third)

    return dict(rows.sound(connection.execute(rows.raw(table)), made, damage))
