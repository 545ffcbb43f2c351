"""A database is brought to this version before it is used."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from bootmatrix.errors import Problem, UserError
from bootmatrix.history import schema
from bootmatrix.history.schema import TABLE
from bootmatrix.history.tables import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

LOCK = 0x626F6F74  # PostgreSQL's advisory lock: any number that no other program takes
MIGRATIONS = Path(__file__).parent / "migrations"


def bring(engine: Engine, name: str) -> None:
    """Make the tables, or what has changed in them. UserError if a newer bootmatrix has made the database."""
    with engine.connect() as connection:
        if _version(connection, name) == VERSION:
            return
    with writing(engine) as connection:
        if _version(connection, name) != VERSION:  # another may have been faster
            _migrate(connection, name)


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: one at a time, as all of them add names that others may be adding too."""
    with engine.connect() as connection:
        writer = connection.execution_options(writes=True)
        with writer.begin():
            if writer.dialect.name == "postgresql":
                writer.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            yield writer


def _version(connection: Connection, name: str) -> str | None:
    """None if there is nothing yet."""
    if not inspect(connection).has_table(TABLE):
        return None
    versions = connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalars().fetchmany(2)  # noqa: S608
    if len(versions) != 1 or not isinstance(versions[0], str):
        raise schema.damaged(name, "it has no version number")
    return versions[0]


def _migrate(connection: Connection, name: str) -> None:
    from alembic import command  # noqa: PLC0415  # 150 ms, once for each version
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, VERSION)
    except CommandError:
        what = f"the history {name} was made by a newer bootmatrix"
        raise UserError(Problem(what, remedy="upgrade bootmatrix, or keep another history: --history")) from None
