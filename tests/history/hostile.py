"""Histories as nobody should have them, and a run that is told with one of them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from histories import result, run

from bootmatrix import plugins
from bootmatrix.running import reporting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


# ruff: noqa: S608
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
COUNT = f"SELECT count(*) FROM ({ENDLESS} SELECT i FROM n)"
HOSTILE = {
    "an endless view": f"DROP TABLE places; CREATE VIEW places AS {ENDLESS} SELECT i AS id, 'a' AS host, 'b' AS "
    "accelerator, 'c' AS digest FROM n",
    "an endless version": f"DROP TABLE alembic_version; CREATE VIEW alembic_version AS {ENDLESS} SELECT i AS "
    "version_num FROM n",
    "an endless trigger": f"CREATE TRIGGER t BEFORE INSERT ON results BEGIN SELECT count(*) FROM ({ENDLESS} SELECT i "
    "FROM n); END",
    "a trigger that changes": "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM results; END",
    "a computed column": "DROP TABLE metrics; CREATE TABLE metrics (id INTEGER PRIMARY KEY, name TEXT NOT NULL, unit "
    "TEXT NOT NULL, better AS (hex(zeroblob(100000000))))",
    "a default": "DROP TABLE metrics; CREATE TABLE metrics (id INTEGER NOT NULL, name TEXT NOT NULL DEFAULT 'x', unit "
    "TEXT NOT NULL, better TEXT NOT NULL, CONSTRAINT pk_metrics PRIMARY KEY (id))",
    "a column more": "ALTER TABLE runs ADD COLUMN more TEXT",
    "an index of an expression": "CREATE INDEX i ON results (hex(reason))",
    "another's table": "CREATE TABLE mine (a)",
    "a table less": "DROP TABLE measures",
    "tables of a newer version": "UPDATE alembic_version SET version_num = '0001'",
    "tables of an older version": "ALTER TABLE results DROP COLUMN begun",
    "an older version with a trigger": "ALTER TABLE results DROP COLUMN begun; UPDATE alembic_version SET version_num ="
    " '0001'; CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM results; END",
    "this version and another": "INSERT INTO alembic_version VALUES ('9999')",
    "two versions": "ALTER TABLE results DROP COLUMN begun; UPDATE alembic_version SET version_num = '0001'; INSERT "
    "INTO alembic_version VALUES ('0002')",
    "no version": "DELETE FROM alembic_version",
    "a version of bytes": "UPDATE alembic_version SET version_num = x'00ff'",
}
DAMAGE = {
    "places are gone": "DELETE FROM places",
    "places that never were": "UPDATE results SET place_id = 99",
    "measures of nothing": "UPDATE measures SET metric_id = metric_id + 99",
    "a place of bytes": "UPDATE places SET host = x'ff00'",
    "a verdict that is none": "UPDATE results SET verdict = 'odd'",
    "a verdict of bytes": "UPDATE results SET verdict = x'ff'",
    "attempts in words": "UPDATE results SET attempts = 'many'",
    "a flag of 7": "UPDATE results SET infrastructure = 7",
    "a time in words": "UPDATE results SET begun = 'soon'",
    "a time of bytes": "UPDATE results SET begun = x'00'",
    "an endless time": "UPDATE results SET begun = 9e999",
    "a time beyond all": "UPDATE results SET begun = 1.7e308; UPDATE measures SET value = 1.7e308",
    "a value in words": "UPDATE measures SET value = 'x'",
    "an endless value": "UPDATE measures SET value = 9e999",
    "a long reason": "UPDATE results SET reason = printf('%.*c', 1000000, 'x')",
    "axes that are no JSON": "UPDATE tests SET axes = '{' WHERE name LIKE '%gone'",
    "axes nested too deep": "UPDATE tests SET axes = printf('%.*c', 60000, '[') WHERE name LIKE '%gone'",
    "axes of numbers": """UPDATE tests SET axes = '{"a": 1}' WHERE name LIKE '%gone'""",
    "a name of bytes": "UPDATE tests SET name = x'ff' WHERE name LIKE '%gone'",
    "a run of bytes": "UPDATE runs SET started = x'ff'",
}
LAID: dict[str, Callable[[Path, Path], None]] = {
    "a link": lambda place, victim: place.symlink_to(victim),
    "a link to nothing": lambda place, victim: place.symlink_to(victim.with_name("none")),
    "a second name": lambda place, victim: place.hardlink_to(victim),
    "a pipe": lambda place, _victim: os.mkfifo(place),
    "a link to a device": lambda place, _victim: place.symlink_to("/dev/zero"),
    "a folder": lambda place, _victim: place.mkdir(),
}


def change(file: Path, statements: str) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.executescript(statements)


def ended(tmp_path: Path, history: str, number: int = 3) -> tuple[Path, list[str]]:
    """The folder of a run that was told, with all its reports, and what was noted."""
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    notes: list[str] = []
    made = set(reporting.tell(run(number, result()), folder, tmp_path, {}, history, notes.append))
    names = {plugins.make_report(name, {}, tmp_path).filename for name in plugins.names("reports", tmp_path)}
    assert made == {folder / name for name in names}
    assert all(each.is_file() for each in made)
    return folder, notes
