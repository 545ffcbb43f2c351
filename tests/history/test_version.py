"""A database is brought to this version, whatever version it has."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from histories import CELL, result, run, written
from sqlalchemy import text

from bootmatrix.errors import UserError
from bootmatrix.history import address, tables, version
from bootmatrix.history.database import History, opened
from bootmatrix.history.deadline import Deadline

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine


def test_the_migrations_make_the_tables_that_we_use(url: str, tmp_path: Path) -> None:
    with opened(tmp_path, url):
        pass
    place = address.find(tmp_path, url)
    assert place
    engine = address.engine(place, Deadline())
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.METADATA) == []
    engine.dispose()
    config = Config()
    config.set_main_option("script_location", str(version.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == tables.VERSION


def first_version(url: str, tmp_path: Path) -> Engine:
    """A database as the first version made it, with a run of one test."""
    place = address.find(tmp_path, url)
    assert place
    engine = address.engine(place, Deadline())
    config = Config()
    config.set_main_option("script_location", str(version.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with version.writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for row in (
            """runs (run, started, "commit", branch, interrupted, partial)
            VALUES ('r0001', '2026-01-01T00:00:00Z', '', 'main', false, false)""",
            f"""tests (name, axes) VALUES ('{CELL}/first', '{{"compiler": "gcc"}}')""",
            "places (host, accelerator, digest) VALUES ('host', 'kvm', 'digest')",
            "metrics (name, unit, better) VALUES ('boot_time', 's', 'lower')",
            "results VALUES (1, 1, 1, 'passed', '', 1, 0, false)",
            "measures VALUES (1, 1, 1, 0.25)",
        ):
            connection.exec_driver_sql(f"INSERT INTO {row}")
    return engine


def test_a_database_of_the_first_version_is_brought_to_this_one_with_all_that_it_has(url: str, tmp_path: Path) -> None:
    engine = first_version(url, tmp_path)
    with opened(tmp_path, url) as past:
        past.record(run(2, result()))
    with opened(tmp_path, url) as past:
        old, new = past.points(past.nights("main", 9))
    assert (old.run, old.verdict, old.values, old.measured("boot_time")) == (
        "r0001",
        "passed",
        {"compiler": "gcc"},
        0.25,
    )
    assert (old.span, new.run) == (None, "r0002")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [tables.VERSION]
        assert compare_metadata(MigrationContext.configure(connection), tables.METADATA) == []
    engine.dispose()


def test_a_database_of_a_newer_version_is_left_alone(past: History, url: str, tmp_path: Path) -> None:
    past.record(run(1, result()))
    place = address.find(tmp_path, url)
    assert place
    engine = address.engine(place, Deadline())
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError, match="newer bootmatrix"), opened(tmp_path, url):
        pass
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM results")).scalar() == 1
    engine.dispose()


def test_opening_a_current_database_needs_no_alembic(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from bootmatrix.history.database import opened\n"
    code += "with opened(Path()) as past: past.night('')\nsys.exit('alembic' in sys.modules)"
    tried = [subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode for _ in range(2)]
    assert tried == [1, 0]


def test_several_processes_bring_a_database_to_this_version_at_once(url: str, tmp_path: Path) -> None:
    first_version(url, tmp_path).dispose()
    assert written(url, tmp_path, [[2], [3], [4], [5]]) == [0, 0, 0, 0]
    with opened(tmp_path, url) as past:
        assert sorted(night.run for night in past.nights("main", 9)) == [f"r000{number}" for number in (1, 2, 3, 4, 5)]
