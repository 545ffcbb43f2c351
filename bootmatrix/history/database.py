"""The history: what each run came to, in a database that several runs may write to at once."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bootmatrix.history import address, reading, recording, rows, tables, version
from bootmatrix.history.deadline import Deadline
from bootmatrix.history.findings import Night
from bootmatrix.history.tables import runs
from bootmatrix.history.troubles import told
from bootmatrix.quantities import how_many_are

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Select

    from bootmatrix.history.point import Point
    from bootmatrix.model import Run

REMEDY = "move the file away to get rid of this warning: the next run starts a new history"


class History(ABC):
    """What earlier runs came to; damaged rows are left out.

    Every method raises InfrastructureError if the database cannot be used, or takes longer than the deadline.
    """

    deadline: Deadline

    @abstractmethod
    def record(self, run: Run) -> None:
        """Keep a run. Again, it takes the place of what was kept of it: a resumed run knows more."""

    @abstractmethod
    def nights(self, branch: str | None, limit: int, before: str = "") -> tuple[Night, ...]:
        """The last `limit` runs of a branch (None: of all), the oldest first: as they were recorded, whatever the
        clocks said.

        With `before` only those before that run, which must have been recorded.
        """

    @abstractmethod
    def night(self, run: str) -> Night | None:
        """None if the run was not recorded."""

    @abstractmethod
    def tests(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The id of every test that there ever was, with its cell's values and its parameters."""

    @abstractmethod
    def points(self, nights: Sequence[Night], tests: Collection[str] | None = None) -> Iterator[Point]:
        """What tests came to in some nights: test by test, each from the oldest night to the newest; None: all."""


class Nothing(History):
    """Where no history is wanted."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline

    def record(self, run: Run) -> None: ...

    def nights(self, branch: str | None, limit: int, before: str = "") -> tuple[Night, ...]:
        del branch, limit, before
        return ()

    def night(self, run: str) -> Night | None:
        del run
        return None  # one of two answers

    def tests(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        return iter(())

    def points(self, nights: Sequence[Night], tests: Collection[str] | None = None) -> Iterator[Point]:
        del nights, tests
        return iter(())


class Database(History):
    def __init__(self, engine: Engine, name: str, deadline: Deadline) -> None:
        self.engine, self.name, self.deadline = engine, name, deadline
        self.damage = rows.Damage()

    def record(self, run: Run) -> None:
        with told(self.name, self.deadline, "recording the run"), version.writing(self.engine) as connection:
            recording.record(connection, run, self.deadline)

    def nights(self, branch: str | None, limit: int, before: str = "") -> tuple[Night, ...]:
        last = _night().order_by(runs.c.id.desc()).limit(limit)
        if branch is not None:
            last = last.where(runs.c.branch == branch)
        if before:
            last = last.where(runs.c.id < select(runs.c.id).where(runs.c.run == before).scalar_subquery())
        with self._reading("reading the last runs") as connection:
            return tuple(self._nights(connection, last))[::-1]

    def night(self, run: str) -> Night | None:
        with self._reading("looking for the run") as connection:
            return next(self._nights(connection, _night().where(runs.c.run == run)), None)

    def tests(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        every = rows.raw(tables.tests.c.name, tables.tests.c.axes).order_by(tables.tests.c.name)
        with self._reading("reading the names of the tests") as connection:
            yield from rows.sound(
                connection.execute(every), lambda name, axes: (rows.text(name), rows.axes(axes)), self.damage
            )

    def points(self, nights: Sequence[Night], tests: Collection[str] | None = None) -> Iterator[Point]:
        with self._reading("reading the results") as connection:
            yield from reading.reader(connection, nights, self.damage, self.deadline).points(tests)

    def _nights(self, connection: Connection, query: Select[Any]) -> Iterator[Night]:
        return rows.sound(connection.execute(query), _as_night, self.damage)

    @contextlib.contextmanager
    def _reading(self, doing: str) -> Iterator[Connection]:
        with told(self.name, self.deadline, doing), self.engine.connect() as connection:
            yield connection


@contextlib.contextmanager
def opened(
    root: Path, url: str = "", results: int = 0, note: Callable[[str], object] | None = None
) -> Iterator[History]:
    """The history of the project in `root`, or the one that `url` or BOOTMATRIX_HISTORY names; `none`: none.

    Its deadline begins here, and is later for so many `results`. In the end `note` is told of damaged rows. UserError
    if that is no database of ours, InfrastructureError if it cannot be used.
    """
    deadline, place = Deadline(results), address.find(root, url)
    if place is None:
        yield Nothing(deadline)
        return
    engine, name = address.engine(place, deadline), address.shown(place)
    past = Database(engine, name, deadline)
    try:
        with told(name, deadline, "to open it"):
            version.bring(engine, name)
        yield past
    finally:
        engine.dispose()
        if note and past.damage.rows:
            note(f"the history {name} is damaged: {how_many_are(past.damage.rows, 'row')} ignored; {REMEDY}")


def _night() -> Select[Any]:
    return rows.raw(runs.c.run, runs.c.started, runs.c.commit, runs.c.branch, runs.c.interrupted, runs.c.partial)


def _as_night(*columns: Any) -> Night:
    *texts, interrupted, partial = columns
    run, started, commit, branch = map(rows.text, texts)
    return Night(run, started, commit, branch, rows.flag(interrupted) or rows.flag(partial))
