"""The history: what each run came to, in a database that several runs may write to at once."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from bootmatrix.history import address, reading, recording, tables, version
from bootmatrix.history.tables import runs
from bootmatrix.history.told import Night
from bootmatrix.history.troubles import told

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Row, Select

    from bootmatrix.history.point import Point
    from bootmatrix.model import Run

TRIES = 5  # of a transaction that met another's


class History(ABC):
    """What earlier runs came to. Every method raises InfrastructureError if the database cannot be used."""

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
    def __init__(self, engine: Engine, name: str) -> None:
        self.engine, self.name = engine, name

    def record(self, run: Run) -> None:
        with told(self.name):
            for attempt in Retrying(
                retry=retry_if_exception_type(IntegrityError), stop=stop_after_attempt(TRIES), reraise=True
            ):
                with attempt, version.writing(self.engine) as connection:
                    recording.record(connection, run)

    def nights(self, branch: str | None, limit: int, before: str = "") -> tuple[Night, ...]:
        last = _night().order_by(runs.c.id.desc()).limit(limit)
        if branch is not None:
            last = last.where(runs.c.branch == branch)
        if before:
            last = last.where(runs.c.id < select(runs.c.id).where(runs.c.run == before).scalar_subquery())
        with self._reading() as connection:
            return tuple(map(_as_night, connection.execute(last)))[::-1]

    def night(self, run: str) -> Night | None:
        with self._reading() as connection:
            found = connection.execute(_night().where(runs.c.run == run)).first()
        return _as_night(found) if found else None

    def tests(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        every = select(tables.tests.c.name, tables.tests.c.axes).order_by(tables.tests.c.name)
        with self._reading() as connection:
            yield from map(tuple, connection.execute(every))

    def points(self, nights: Sequence[Night], tests: Collection[str] | None = None) -> Iterator[Point]:
        with self._reading() as connection:
            yield from reading.reader(connection, nights).points(tests)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told(self.name), self.engine.connect() as connection:
            yield connection


@contextlib.contextmanager
def opened(root: Path, url: str = "") -> Iterator[History]:
    """The history of the project in `root`, or the one that `url` or BOOTMATRIX_HISTORY names; `none`: none.

    UserError if that is no database of ours, InfrastructureError if it cannot be used.
    """
    place = address.find(root, url)
    if place is None:
        yield Nothing()
        return
    engine, name = address.engine(place), address.shown(place)
    try:
        with told(name):
            version.bring(engine, name)
        yield Database(engine, name)
    finally:
        engine.dispose()


def _night() -> Select[Any]:
    return select(runs.c.run, runs.c.started, runs.c.commit, runs.c.branch, runs.c.interrupted, runs.c.partial)


def _as_night(row: Row[Any]) -> Night:
    return Night(row.run, row.started, row.commit, row.branch, row.interrupted or row.partial)
