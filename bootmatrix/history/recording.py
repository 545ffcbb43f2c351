"""A run's results as rows, some hundred at a time: neither the run nor the database is ever all in memory."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select, update

from bootmatrix.history import point, rows
from bootmatrix.history.tables import KINDS, measures, metrics, pairs, places, plain, results, runs, tests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection, Table

    from bootmatrix.history.deadline import Deadline
    from bootmatrix.history.point import Point
    from bootmatrix.model import PairFinding, Run

AT_ONCE = 500  # results: fewer names than a statement of any database may have
MOST = 32_767  # attempts that a SMALLINT can count

Key = tuple[str, ...]


def record(connection: Connection, run: Run, deadline: Deadline) -> None:
    """The run as it is now, in place of what was recorded of it before; raises Late after the deadline."""
    number = _begun(connection, run)
    known = {table.name: _known(connection, table) for table in KINDS}
    seen: set[str] = set()
    points = point.of_run(run)
    while batch := list(itertools.islice(points, AT_ONCE)):
        deadline.check()
        fresh = {}
        for one in batch:
            if (name := plain(one.id)) not in seen:  # a test counts once
                fresh[name] = one
                seen.add(name)
        if fresh:
            _write(connection, number, fresh, known)


def _begun(connection: Connection, run: Run) -> int:
    """The number of the run, which has no results yet."""
    row = {
        "started": run.started,
        "commit": run.commit,
        "branch": run.branch,
        "interrupted": run.interrupted,
        "partial": run.partial,
    }
    ours = select(runs.c.id).where(runs.c.run == run.id)
    if connection.execute(ours).scalar() is None:
        connection.execute(insert(runs).values(run=run.id, **row))
    number = int(connection.execute(ours).scalar_one())
    connection.execute(update(runs).where(runs.c.id == number).values(row))
    for table in (pairs, measures, results):
        connection.execute(delete(table).where(table.c.run_id == number))
    return number


def _write(connection: Connection, run: int, points: Mapping[str, Point], known: Mapping[str, dict[Key, int]]) -> None:
    ids = _tests(connection, points)
    for table in KINDS:
        wanted = (key for one in points.values() for key in _keys(table, one))
        _add(connection, table, wanted, known[table.name])
    at, units = known[places.name], known[metrics.name]
    connection.execute(
        insert(results),
        [
            {
                "run_id": run,
                "test_id": ids[name],
                "place_id": at[_place(one)],
                "verdict": str(one.verdict),  # a driver may know texts by their very type
                "reason": one.reason,
                "attempts": min(one.attempts, MOST),
                "failed": min(one.failed, MOST),
                "infrastructure": one.infrastructure,
                "begun": one.span[0] if one.span else None,
            }
            for name, one in points.items()
        ],
    )
    rows = [
        {"run_id": run, "test_id": ids[name], "metric_id": metric, "value": value}
        for name, one in points.items()
        for metric, value in {units[key]: value for key, value in _measured(one)}.items()
    ]
    if rows:
        connection.execute(insert(measures), rows)
    if found := [row for name, one in points.items() for row in _paired(one, run, ids[name], units)]:
        connection.execute(insert(pairs), found)


def _tests(connection: Connection, points: Mapping[str, Point]) -> dict[str, int]:
    """The number of each test, by its name; what is known of its axes is brought up to date."""
    stored = rows.raw(tests.c.name, tests.c.id, tests.c.axes).where(tests.c.name.in_(list(points)))
    found = {name: (number, _axes(axes)) for name, number, axes in connection.execute(stored)}
    axes = {name: {plain(axis): plain(text) for axis, text in one.values.items()} for name, one in points.items()}
    if missing := sorted(points.keys() - found.keys()):
        connection.execute(insert(tests), [{"name": name, "axes": axes[name]} for name in missing])
        found = {name: (number, _axes(axes)) for name, number, axes in connection.execute(stored)}
    if changed := [
        {"b_id": number, "b_axes": axes[name]} for name, (number, old) in found.items() if old != axes[name]
    ]:
        fresh = update(tests).where(tests.c.id == bindparam("b_id")).values(axes=bindparam("b_axes"))
        connection.execute(fresh, changed)
    return {name: number for name, (number, _) in found.items()}


def _axes(stored: object) -> dict[str, str] | None:
    """None of what is damaged: it is written anew."""
    try:
        return rows.axes(stored)
    except (ValueError, RecursionError):
        return None


def _known(connection: Connection, table: Table) -> dict[Key, int]:
    """The number of each row of a short table, by all that it says."""
    return {tuple(key): number for number, *key in connection.execute(rows.raw(table))}


def _add(connection: Connection, table: Table, wanted: Iterable[Key], known: dict[Key, int]) -> None:
    if missing := sorted(set(wanted) - known.keys()):
        names = [column.name for column in table.columns][1:]
        connection.execute(insert(table), [dict(zip(names, key, strict=True)) for key in missing])
        known |= _known(connection, table)


def _keys(table: Table, one: Point) -> Iterator[Key]:
    """What a test needs in a short table."""
    if table is places:
        return iter([_place(one)])
    return itertools.chain((key for key, _ in _measured(one)), map(_metric, _named(one)))


def _paired(one: Point, run: int, test: int, units: Mapping[Key, int]) -> Iterator[dict[str, object]]:
    for found in _named(one):
        yield (
            {"run_id": run, "test_id": test, "metric_id": units[_metric(found)]}
            | {column.name: getattr(found, column.name) for column in pairs.c if not column.primary_key}
            | {"verdict": str(found.verdict), "boots": min(found.boots, MOST)}
        )


def _named(one: Point) -> Iterator[PairFinding]:
    """What came of its boots in turn, of each measure once; where nothing could be compared, none has a name."""
    found = {_metric(each): each for each in one.pairs if each.name and all(map(math.isfinite, _numbers(each)))}
    return iter(found.values())


def _numbers(found: PairFinding) -> tuple[float, ...]:
    return found.before, found.after, found.change, found.low, found.high, found.until


def _metric(found: PairFinding) -> Key:
    return plain(found.name), plain(found.unit), plain(found.better)


def _place(one: Point) -> Key:
    return tuple(map(plain, one.kind))


def _measured(one: Point) -> Iterator[tuple[Key, float]]:
    """What can be compared: a guest may well print `nan`."""
    for measure in one.measures:
        if math.isfinite(measure.value):
            yield tuple(map(plain, (measure.name, measure.unit, measure.better))), measure.value
