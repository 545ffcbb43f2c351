"""The tables of the history. A change here needs a new file in migrations/versions/, and its name in VERSION."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect

VERSION = "0003"
"""The newest migration: what a database must have been brought to."""


def plain(text: str) -> str:
    """A text that every database takes: what a guest wrote may have NUL characters or lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


class Plain(TypeDecorator[str]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else plain(value)


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _key(kind: type[Integer] = Integer) -> Column[int]:
    return Column("id", kind, primary_key=True)


runs = Table(
    "runs",
    METADATA,
    _key(),
    Column("run", String(100), nullable=False, unique=True),
    Column("started", String(40), nullable=False),
    Column("commit", Plain, nullable=False),
    Column("branch", Plain, nullable=False),
    Column("interrupted", Boolean, nullable=False),
    Column("partial", Boolean, nullable=False),
    Index(None, "branch", "started"),
)
"""`started` is ISO 8601 in UTC, by a clock that may be wrong: runs are in the order of their numbers, as they were
recorded.
"""

tests = Table(
    "tests",
    METADATA,
    _key(),
    Column("name", Plain, nullable=False, unique=True),
    Column("axes", JSON, nullable=False),
)
"""`name` is `CELL/TEST`; `axes` has the cell's values and the test's parameters, as of the last run."""

places = Table(
    "places",
    METADATA,
    _key(),
    Column("host", Plain, nullable=False),
    Column("accelerator", Plain, nullable=False),
    Column("digest", Plain, nullable=False),
    UniqueConstraint("host", "accelerator", "digest"),
)
"""Where a test booted: what is measured in one place may be compared."""

metrics = Table(
    "metrics",
    METADATA,
    _key(),
    Column("name", Plain, nullable=False),
    Column("unit", Plain, nullable=False),
    Column("better", Plain, nullable=False),
    UniqueConstraint("name", "unit", "better"),
)

KINDS = (places, metrics)
"""Short tables: what is the same for many results."""

results = Table(
    "results",
    METADATA,
    Column("run_id", ForeignKey(runs.c.id), primary_key=True),
    Column("test_id", ForeignKey(tests.c.id), primary_key=True),
    Column("place_id", ForeignKey(places.c.id), nullable=False),
    Column("verdict", Plain, nullable=False),
    Column("reason", Plain, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("failed", SmallInteger, nullable=False),
    Column("infrastructure", Boolean, nullable=False),
    Column("begun", Double),
    sqlite_with_rowid=False,
)
"""`begun` is when what was measured was booted, in seconds since 1970; nothing where that is not known."""

measures = Table(
    "measures",
    METADATA,
    Column("run_id", ForeignKey(runs.c.id), primary_key=True),
    Column("test_id", ForeignKey(tests.c.id), primary_key=True),
    Column("metric_id", ForeignKey(metrics.c.id), primary_key=True),
    Column("value", Double, nullable=False),
    sqlite_with_rowid=False,
)

pairs = Table(
    "pairs",
    METADATA,
    Column("run_id", ForeignKey(runs.c.id), primary_key=True),
    Column("test_id", ForeignKey(tests.c.id), primary_key=True),
    Column("metric_id", ForeignKey(metrics.c.id), primary_key=True),
    Column("axis", Plain, nullable=False),
    Column("base", Plain, nullable=False),
    Column("value", Plain, nullable=False),
    Column("verdict", Plain, nullable=False),
    Column("why", Plain, nullable=False),
    *(Column(name, Double, nullable=False) for name in ("before", "after", "change", "low", "high", "until")),
    Column("boots", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What came of boots in turn, as a `PairFinding` has it: of a test one for each measure."""
