"""Where the history is kept: one URL, ours beside matrix.yaml if none is given."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from bootmatrix import files
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.history import NO_HISTORY, sqlite

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from bootmatrix.history.deadline import Deadline

FOLDER, FILE = ".bootmatrix", "history.sqlite"
IGNORED = b"*\n"
REMEDY = "write a path, sqlite:///PATH, postgresql+psycopg://USER@HOST/NAME, or none"


def find(root: Path, given: str) -> URL | None:
    """What `given` says, else BOOTMATRIX_HISTORY, else the file of the project in `root`; None: nothing is kept."""
    said = given or os.environ.get("BOOTMATRIX_HISTORY", "")
    if said == NO_HISTORY:
        return None
    if not said:
        return _sqlite(_own(root) / FILE)
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


def engine(url: URL, deadline: Deadline) -> Engine:
    """Connects when first used. UserError if there is no such kind of database, or if its driver is missing."""
    kind = url.get_backend_name()
    try:
        made = create_engine(url, connect_args=_within(url, deadline) if kind == "postgresql" else {})
    except NoSuchModuleError:
        what = f"there is no kind of database '{url.drivername}'"
        raise UserError(Problem(what, remedy=REMEDY)) from None
    except ModuleNotFoundError as error:
        what = f"{url.drivername} needs the Python package {error.name}, which is not installed"
        remedy = f"pip install 'bootmatrix[{kind}]'"
        raise UserError(Problem(what, remedy=remedy)) from None
    if kind == "sqlite":
        in_memory = not url.database or url.database == ":memory:"
        sqlite.guard(made, None if in_memory else Path(shown(url)), shown(url), deadline)
    elif kind == "postgresql":
        event.listen(made, "begin", functools.partial(_begin, deadline=deadline))
    return made


def _within(url: URL, deadline: Deadline) -> dict[str, int]:
    """How long libpq waits for a server, unless the URL says it."""
    seconds = max(2, round(deadline.left()))
    wanted = {"connect_timeout": seconds, "tcp_user_timeout": 1000 * seconds, "keepalives_idle": 10}
    return {key: value for key, value in wanted.items() if key not in url.query}


def _begin(connection: Connection, deadline: Deadline) -> None:
    """The server itself ends what takes too long, or waits too long."""
    left = max(1, int(1000 * deadline.left()))
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {left}; SET LOCAL lock_timeout = {left}")


def _sqlite(file: Path) -> URL:
    path = file.absolute()
    if path.is_file() and not os.access(path.parent, os.W_OK):  # where it can only be read, it cannot be locked
        query = {"uri": "true", "mode": "ro", "immutable": "1"}
        return URL.create("sqlite", database=f"file:{quote(str(path))}", query=query)
    return URL.create("sqlite", database=str(path))


def _own(root: Path) -> Path:
    """A folder that git and our own builds leave out."""
    try:
        folder = files.folder(root, FOLDER)
        ignore = folder / ".gitignore"
        if not (files.is_plain(ignore) and files.read(ignore, len(IGNORED)) == IGNORED):
            files.write(ignore, IGNORED)
    except OSError as error:
        what = f"the history's folder {root / FOLDER} cannot be made: {error.strerror}"
        raise InfrastructureError(Problem(what, remedy="--history PATH keeps it elsewhere, `none` nowhere")) from None
    return folder
