"""What a history's SQLite file must hold: exactly our tables, as its version has them. It may come from a stranger's
repository, and a view, a trigger or a computed column in the place of ours would have its own code run when we read or
write.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.history.tables import VERSION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

TABLES = """
alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))

runs (id INTEGER NOT NULL, run VARCHAR(100) NOT NULL, started VARCHAR(40) NOT NULL, "commit" TEXT NOT NULL,
  branch TEXT NOT NULL, interrupted BOOLEAN NOT NULL, partial BOOLEAN NOT NULL, CONSTRAINT pk_runs PRIMARY KEY (id),
  CONSTRAINT uq_runs_run UNIQUE (run))

tests (id INTEGER NOT NULL, name TEXT NOT NULL, axes JSON NOT NULL, CONSTRAINT pk_tests PRIMARY KEY (id),
  CONSTRAINT uq_tests_name UNIQUE (name))

places (id INTEGER NOT NULL, host TEXT NOT NULL, accelerator TEXT NOT NULL, digest TEXT NOT NULL,
  CONSTRAINT pk_places PRIMARY KEY (id),
  CONSTRAINT uq_places_host_accelerator_digest UNIQUE (host, accelerator, digest))

metrics (id INTEGER NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL, better TEXT NOT NULL,
  CONSTRAINT pk_metrics PRIMARY KEY (id), CONSTRAINT uq_metrics_name_unit_better UNIQUE (name, unit, better))

results (run_id INTEGER NOT NULL, test_id INTEGER NOT NULL, place_id INTEGER NOT NULL, verdict TEXT NOT NULL,
  reason TEXT NOT NULL, attempts SMALLINT NOT NULL, failed SMALLINT NOT NULL, infrastructure BOOLEAN NOT NULL,
  begun DOUBLE, CONSTRAINT pk_results PRIMARY KEY (run_id, test_id),
  CONSTRAINT fk_results_run_id FOREIGN KEY (run_id) REFERENCES runs (id),
  CONSTRAINT fk_results_test_id FOREIGN KEY (test_id) REFERENCES tests (id),
  CONSTRAINT fk_results_place_id FOREIGN KEY (place_id) REFERENCES places (id)) WITHOUT ROWID

measures (run_id INTEGER NOT NULL, test_id INTEGER NOT NULL, metric_id INTEGER NOT NULL, value DOUBLE NOT NULL,
  CONSTRAINT pk_measures PRIMARY KEY (run_id, test_id, metric_id),
  CONSTRAINT fk_measures_run_id FOREIGN KEY (run_id) REFERENCES runs (id),
  CONSTRAINT fk_measures_test_id FOREIGN KEY (test_id) REFERENCES tests (id),
  CONSTRAINT fk_measures_metric_id FOREIGN KEY (metric_id) REFERENCES metrics (id)) WITHOUT ROWID

pairs (run_id INTEGER NOT NULL, test_id INTEGER NOT NULL, metric_id INTEGER NOT NULL, axis TEXT NOT NULL,
  base TEXT NOT NULL, value TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL, before DOUBLE NOT NULL,
  after DOUBLE NOT NULL, change DOUBLE NOT NULL, low DOUBLE NOT NULL, high DOUBLE NOT NULL, until DOUBLE NOT NULL,
  boots INTEGER NOT NULL, CONSTRAINT pk_pairs PRIMARY KEY (run_id, test_id, metric_id),
  CONSTRAINT fk_pairs_run_id FOREIGN KEY (run_id) REFERENCES runs (id),
  CONSTRAINT fk_pairs_test_id FOREIGN KEY (test_id) REFERENCES tests (id),
  CONSTRAINT fk_pairs_metric_id FOREIGN KEY (metric_id) REFERENCES metrics (id)) WITHOUT ROWID
"""
INDEXES = {"ix_runs_branch_started": "CREATE INDEX ix_runs_branch_started ON runs (branch, started)"}
TABLE = "alembic_version"
WHOLE = ""
ADDED = {"0001": {"results": " begun DOUBLE,", "pairs": WHOLE}, "0002": {"pairs": WHOLE}}
"""What the tables of each older version lack; WHOLE: there is no such table."""
OWN_INDEX = "sqlite_autoindex_"  # SQLite's, of a UNIQUE or PRIMARY KEY of a table
REMEDY = "move the file away: the next run starts a new history"


def _plain(sql: object) -> str:
    """However SQLAlchemy lays it out, or quotes its names."""
    return re.sub(r'[\s"]+', "", str(sql)).lower()


def _expected(lacking: Mapping[str, str]) -> Mapping[str, str]:
    texts = {text.split()[0]: f"CREATE TABLE {text}" for text in TABLES.strip().split("\n\n")}
    texts |= {name: texts[name].replace(lack, "") for name, lack in lacking.items() if lack} | INDEXES
    return {name: _plain(sql) for name, sql in texts.items() if lacking.get(name) != WHOLE}


EXPECTED = {VERSION: _expected({})} | {version: _expected(lacking) for version, lacking in ADDED.items()}
"""What each version says that it holds."""


def check(connection: sqlite3.Connection, name: str) -> None:
    """Nothing of the file has been read but what it says that it holds: that is ours, or nothing yet.

    UserError if it is another program's or was tampered with, InfrastructureError if it is damaged. A newer version's
    is left to who asks for the version.
    """
    connection.execute("BEGIN")  # another may be bringing it to this version: all is seen of before, or of after
    try:
        _check(connection, name)
    finally:
        connection.rollback()


def _check(connection: sqlite3.Connection, name: str) -> None:
    damage = connection.execute("PRAGMA quick_check(sqlite_master)").fetchone()
    if damage != ("ok",):
        raise damaged(name, str(damage and damage[0]).strip().splitlines()[-1])
    found = {}
    for kind, called, table, sql in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"):
        if not (kind == "index" and sql is None and str(called).startswith(OWN_INDEX) and table in EXPECTED[VERSION]):
            found[str(called)] = (str(kind), _plain(sql))
    version = _version(connection, found)
    if not found or version not in EXPECTED:
        return
    expected = EXPECTED[version]
    for called, (kind, sql) in found.items():
        if expected.get(called) != sql:
            ours = "is not as bootmatrix makes it" if called in expected else "is unknown to bootmatrix"
            what = f"{name} is not a bootmatrix history: its {kind} '{called}' {ours}"
            raise UserError(Problem(what, remedy=f"{REMEDY}; or name another: --history"))
    if missing := expected.keys() - found.keys():
        raise damaged(name, f"it has no {min(missing)}")


def _version(connection: sqlite3.Connection, found: Mapping[str, tuple[str, str]]) -> str:
    """What it says; ours where it does not say just one."""
    if found.get(TABLE) != ("table", EXPECTED[VERSION][TABLE]):
        return VERSION
    versions = connection.execute(f"SELECT version_num FROM {TABLE}").fetchmany(2)  # noqa: S608  # our own table
    return versions[0][0] if len(versions) == 1 and isinstance(versions[0][0], str) else VERSION


def damaged(name: str, why: str) -> InfrastructureError:
    """What to say of a file that no bootmatrix has left so."""
    return InfrastructureError(Problem(f"the history {name} is damaged: {why}", remedy=REMEDY))
