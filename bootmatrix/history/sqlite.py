"""An SQLite file as history: opened only if it, and what SQLite would open beside it, is a plain file of its own.

SQLite itself waits for ever for a pipe in the place of its journal, writes to a file that has the second name of its
log, and removes whatever file a journal names as its master: a repository can bring all of them along.
"""

from __future__ import annotations

import errno
import functools
import os
import sqlite3
import stat
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from bootmatrix import files
from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.history import schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from bootmatrix.history.deadline import Deadline

BESIDE = ("", "-wal", "-shm", "-journal")
MASTER = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"  # how a journal ends that names a master (sqlite.org/fileformat2.html)
PAUSE = 0.2  # seconds that SQLite waits for a lock before we look at the deadline, and at Ctrl-C
STEPS = 20_000  # of SQLite's machine, about 0.5 ms, between two looks
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 16 << 20,  # bytes of a text or a row
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4 << 20,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}


def guard(engine: Engine, file: Path | None, name: str, deadline: Deadline) -> None:
    """Have each connection of the engine look at the file first (None: it is in memory), and keep to the deadline."""

    def connecting(_dialect: object, _record: object, _args: object, options: dict[str, Any]) -> None:
        options["timeout"] = PAUSE
        if file:
            _look(file)

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        _limit(connection, deadline)
        patiently(lambda: schema.check(connection, name), deadline)
        if file is None or os.access(file.parent, os.W_OK):  # readers and one writer at a time
            patiently(lambda: connection.execute("PRAGMA journal_mode = WAL"), deadline)
        connection.execute("PRAGMA synchronous = NORMAL")

    event.listen(engine, "do_connect", connecting)
    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", functools.partial(_begin, deadline=deadline))


def _look(file: Path) -> None:
    """InfrastructureError if SQLite must not open it."""
    for place in (file.with_name(file.name + suffix) for suffix in BESIDE):
        try:
            found = place.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _refused(place, f"cannot be looked at: {error.strerror}") from None
        if stat.S_ISLNK(found.st_mode):
            raise _refused(place, "is a link")
        if not stat.S_ISREG(found.st_mode):
            raise _refused(place, "is not a regular file")
        if found.st_nlink > 1:
            raise _refused(place, "has more than one hard link")
    if _names_a_master(file.with_name(f"{file.name}-journal")):
        raise _refused(
            file.with_name(f"{file.name}-journal"), "contains the name of another file, which SQLite would delete"
        )


def _names_a_master(journal: Path) -> bool:
    try:
        with files.opened(journal) as stream:
            stream.seek(-len(MASTER), os.SEEK_END)
            return stream.read() == MASTER
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.EINVAL}:  # none, or a shorter one
            return False
        raise _refused(journal, f"cannot be read: {error.strerror}") from None


def _refused(place: Path, why: str) -> InfrastructureError:
    remedy = "move it away, or name the file itself by --history or BOOTMATRIX_HISTORY; `none` keeps no history"
    return InfrastructureError(Problem(f"the history cannot be opened: {place} {why}", remedy=remedy))


def _limit(connection: sqlite3.Connection, deadline: Deadline) -> None:
    connection.isolation_level = None  # Python's own would begin too late
    connection.text_factory = functools.partial(str, encoding="utf-8", errors="replace")
    for limit, most in LIMITS.items():
        connection.setlimit(limit, most)
    connection.set_progress_handler(deadline.passed, STEPS)
    connection.execute("PRAGMA trusted_schema = OFF")


def _begin(connection: Connection, deadline: Deadline) -> None:
    """A transaction that begins with reading could not wait for its turn to write; one that reads has its view of the
    file from here on, and waits for nobody any more.
    """
    database: Any = connection.connection.driver_connection
    if connection.get_execution_options().get("writes"):
        patiently(lambda: database.execute("BEGIN IMMEDIATE"), deadline)
        return
    database.execute("BEGIN")
    try:
        patiently(lambda: database.execute("SELECT 1 FROM sqlite_master").fetchone(), deadline)
    except BaseException:
        database.rollback()
        raise


def patiently(work: Callable[[], object], deadline: Deadline) -> None:
    """As often as it takes until no other has the file locked."""
    while True:
        try:
            work()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or deadline.passed():
                raise
        else:
            return
