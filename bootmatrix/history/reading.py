"""What tests came to in some nights, read some tests at a time: there may be 100,000 of them in each night."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bootmatrix.history.point import Point
from bootmatrix.history.tables import measures, metrics, places, results, runs, tests
from bootmatrix.model import Measure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from bootmatrix.history.told import Night

AT_ONCE = 20_000  # results that are read at a time
NAMES = 500  # names in a statement

Tests = dict[int, tuple[str, dict[str, str]]]
Measures = dict[tuple[int, int], tuple[Measure, ...]]


@dataclass(frozen=True)
class Reader:
    """`nights` are the names of runs by their numbers, in the order in which they are told."""

    connection: Connection
    nights: Mapping[int, str]
    places: Mapping[int, tuple[str, str, str]]
    metrics: Mapping[int, tuple[str, str, str]]

    def points(self, names: Collection[str] | None) -> Iterator[Point]:
        for some in self._tests(names, max(1, AT_ONCE // max(1, len(self.nights)))):
            yield from self._of(some)

    def _tests(self, names: Collection[str] | None, size: int) -> Iterator[Tests]:
        """The tests of these names, or all, `size` or fewer at a time."""
        query = select(tests).order_by(tests.c.id)
        if names is not None:
            ordered = iter(sorted(names))
            while batch := list(itertools.islice(ordered, min(size, NAMES))):
                yield _by_number(self.connection, query.where(tests.c.name.in_(batch)))
            return
        last = 0
        while some := _by_number(self.connection, query.where(tests.c.id > last).limit(size)):
            yield some
            last = max(some)

    def _of(self, some: Tests) -> Iterator[Point]:
        measured = self._measures(some)
        rows: dict[tuple[int, int], Any] = {}
        for run, test, *row in self.connection.execute(select(results).where(*self._within(results, some))).all():
            rows[test, run] = row
        for test, (name, axes) in some.items():
            cell, _, short = name.partition("/")
            for run, night in self.nights.items():
                if (test, run) in rows:
                    place, verdict, reason, attempts, failed, infrastructure, begun = rows[test, run]
                    yield Point(
                        run=night,
                        cell=cell,
                        test=short,
                        verdict=verdict,
                        reason=reason,
                        values=axes,
                        attempts=attempts,
                        failed=failed,
                        host=self.places[place][0],
                        accelerator=self.places[place][1],
                        digest=self.places[place][2],
                        measures=measured.get((test, run), ()),
                        infrastructure=infrastructure,
                        span=None if begun is None else (begun, begun + _took(measured.get((test, run), ()))),
                    )

    def _measures(self, some: Tests) -> Measures:
        found: defaultdict[tuple[int, int], list[Measure]] = defaultdict(list)
        query = select(measures).where(*self._within(measures, some))
        for run, test, metric, value in self.connection.execute(query).all():
            name, unit, better = self.metrics[metric]
            found[test, run].append(Measure(name, value, unit, better))
        return {key: tuple(each) for key, each in found.items()}

    def _within(self, table: Table, some: Tests) -> list[ColumnElement[bool]]:
        """The rows of the nights and of these tests; numbers that lie close are a range."""
        low, high = min(some, default=0), max(some, default=0)
        close = high - low < 2 * len(some)
        mine = table.c.test_id.between(low, high) if close else table.c.test_id.in_(list(some))
        return [table.c.run_id.in_(list(self.nights)), mine]


def _took(measures: Iterable[Measure]) -> float:
    return next((measure.value for measure in measures if measure.name == "boot_time"), 0.0)


def reader(connection: Connection, nights: Sequence[Night]) -> Reader:
    order = {night.run: position for position, night in enumerate(nights)}
    found = connection.execute(select(runs.c.id, runs.c.run).where(runs.c.run.in_(list(order)))).all()
    ours: dict[int, str] = dict(sorted(map(tuple, found), key=lambda row: order[row[1]]))
    return Reader(connection, ours, _words(connection, places), _words(connection, metrics))


def _words(connection: Connection, table: Table) -> dict[int, tuple[str, str, str]]:
    return {number: (first, second, third) for number, first, second, third in connection.execute(select(table))}


def _by_number(connection: Connection, query: Any) -> Tests:
    return {number: (name, axes) for number, name, axes in connection.execute(query)}
