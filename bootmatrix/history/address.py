"""Where the history is kept: one URL, ours beside matrix.yaml if none is given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.history import NO_HISTORY

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.pool import ConnectionPoolEntry

FOLDER, FILE = ".bootmatrix", "history.sqlite"
PATIENCE_MS = 60_000  # for others that write to the same file
REMEDY = "write a path, sqlite:///PATH, postgresql+psycopg://USER@HOST/NAME, or none"


def find(root: Path, given: str) -> URL | None:
    """What `given` says, else BOOTMATRIX_HISTORY, else the file of the project in `root`; None: nothing is kept."""
    said = given or os.environ.get("BOOTMATRIX_HISTORY", "")
    if said == NO_HISTORY:
        return None
    if not said:
        return _sqlite(_own(root / FOLDER) / FILE)
    if "://" not in said:
        return _sqlite(Path(said))
    try:
        return make_url(said)
    except (ArgumentError, ValueError):
        raise UserError(Problem("the history's URL cannot be read", remedy=REMEDY)) from None


def shown(url: URL) -> str:
    """For a message: never with a password."""
    if url.get_backend_name() == "sqlite":
        return unquote((url.database or ":memory:").removeprefix("file:"))
    return url.render_as_string(hide_password=True)


def engine(url: URL) -> Engine:
    """Connects when first used. UserError if there is no such kind of database, or if its driver is missing."""
    try:
        made = create_engine(url)
    except NoSuchModuleError:
        what = f"there is no kind of database '{url.drivername}'"
        raise UserError(Problem(what, remedy=REMEDY)) from None
    except ModuleNotFoundError as error:
        what = f"{url.drivername} needs the Python package {error.name}, which is not installed"
        remedy = f"pip install 'bootmatrix[{url.get_backend_name()}]'"
        raise UserError(Problem(what, remedy=remedy)) from None
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _connected)
        event.listen(made, "begin", _begin)
    return made


def _connected(connection: object, _entry: ConnectionPoolEntry) -> None:
    """Readers and one writer at a time, each waiting for the others."""
    connection.isolation_level = None  # type: ignore[attr-defined]  # Python's sqlite3 would begin too late
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")  # type: ignore[attr-defined]
    connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined]
    connection.execute("PRAGMA synchronous = NORMAL")  # type: ignore[attr-defined]


def _begin(connection: Connection) -> None:
    """A transaction that begins with reading could not wait for its turn to write."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _sqlite(file: Path) -> URL:
    path = file.absolute()
    if path.is_file() and not os.access(path.parent, os.W_OK):  # where it can only be read, it cannot be locked
        query = {"uri": "true", "mode": "ro", "immutable": "1"}
        return URL.create("sqlite", database=f"file:{quote(str(path))}", query=query)
    return URL.create("sqlite", database=str(path))


def _own(folder: Path) -> Path:
    """A folder that git and our own builds leave out."""
    try:
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n")
    except OSError as error:
        what = f"the history's folder {folder} cannot be made: {error.strerror}"
        raise InfrastructureError(Problem(what, remedy="--history PATH keeps it elsewhere, `none` nowhere")) from None
    return folder
