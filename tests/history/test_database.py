"""What is recorded is read back, whatever it holds, however often, by however many at once."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from histories import CELL, result, run, slow
from sqlalchemy import create_engine, text

from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.history import address, point, tables, version
from bootmatrix.history.database import History, opened
from bootmatrix.history.deadline import VARIABLE, Deadline
from bootmatrix.model import Measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from bootmatrix.model import Run

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
HOSTILE = "\0 \x1b[2J \ud800 \ufffe 😀 `@user` <b> ' \" % {} \\"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server of our own, reached through a socket in a folder: it does not start as root."""
    if not PROGRAMS:
        pytest.skip("PostgreSQL's server programs are not here")
    with tempfile.TemporaryDirectory(prefix="bootmatrix-") as name:  # pytest's own is closed to other users
        folder, user = Path(name), list[str]()
        if os.getuid() == 0:
            shutil.chown(folder, "nobody")
            user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        data = folder / "data"

        def call(program: str, *args: str) -> None:
            subprocess.run([*user, str(PROGRAMS[0] / program), "-D", str(data), *args], check=True, cwd=folder)

        call("initdb", "-U", "us", "-A", "trust", "-N")
        settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield f"host={folder}&user=us"
        finally:
            call("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "history.sqlite")
    at = request.getfixturevalue("server")
    name = f"t{abs(hash(request.node.nodeid))}"
    engine = create_engine(f"postgresql+psycopg:///postgres?{at}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"postgresql+psycopg:///{name}?{at}"


@pytest.fixture
def past(url: str, tmp_path: Path) -> Iterator[History]:
    with opened(tmp_path, url) as history:
        yield history


def test_a_run_is_read_back_as_it_was_recorded(past: History) -> None:
    timed = replace(result().attempts[0], started="2026-01-01T02:00:00.250Z")
    first = run(
        1,
        result(attempts=(timed,)),
        result("hang", "timed out", attempts=()),
        result("a@b=1", host="", digest=""),
    )
    past.record(first)
    night = past.night("r0001")
    assert night
    assert (night.started, night.commit, night.branch, night.partial) == (first.started, first.commit, "main", False)
    made = {one.id: one for one in past.points([night])}
    for each in first.results:
        wanted = point.of("r0001", each)
        assert replace(made[each.id], measures=()) == replace(wanted, measures=())
        assert set(made[each.id].measures) == set(wanted.measures)
    assert dict(past.tests()) == {one.id: one.values for one in made.values()}
    assert past.night("r0002") is None


def test_recording_again_replaces_what_was_recorded(past: History) -> None:
    past.record(run(1, result("a", "skipped"), result("b"), interrupted=True))
    past.record(run(1, result("a"), result("a", "failed"), axes=("compiler",)))
    (night,) = past.nights("main", 9)
    assert not night.partial
    assert [(one.test, one.verdict) for one in past.points([night])] == [("a", "passed")]


def test_nights_are_the_last_of_a_branch_before_a_run_as_they_were_recorded(
    past: History,
) -> None:
    for number in (5, 1, 4, 2, 3):
        past.record(run(number, branch="main" if number != 3 else "other", partial=number == 2))
    past.record(run(1))  # again: it stays where it was
    assert [night.run for night in past.nights("main", 9)] == ["r0005", "r0001", "r0004", "r0002"]
    assert [night.run for night in past.nights("main", 2)] == ["r0004", "r0002"]
    assert [night.run for night in past.nights("main", 2, before="r0004")] == ["r0005", "r0001"]
    assert [night.run for night in past.nights(None, 3)] == ["r0004", "r0002", "r0003"]
    assert [night.partial for night in past.nights("main", 9, before="r0003")] == [False, False, False, True]
    assert past.nights("main", 9, before="never recorded") == ()


def test_points_come_test_by_test_and_night_by_night(past: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.history.reading.AT_ONCE", 6)
    monkeypatch.setattr("bootmatrix.history.recording.AT_ONCE", 2)
    names = [f"t{number}" for number in range(7)]
    for number in (3, 1, 2):
        past.record(run(number, *(result(name) for name in names[number - 1 :])))
    nights = past.nights("main", 9)
    every = [(one.test, one.run) for one in past.points(nights)]
    assert sorted(every) == sorted((name, f"r000{number}") for number in (1, 2, 3) for name in names[number - 1 :])
    assert [run for name, run in every if name == "t6"] == ["r0003", "r0001", "r0002"]
    assert len([1 for at in range(1, len(every)) if every[at][0] != every[at - 1][0]]) == len(names) - 1
    some = [(one.test, one.run) for one in past.points(nights[1:], [f"{CELL}/t1", f"{CELL}/t6", "none/such"])]
    assert sorted(some) == [("t1", "r0001"), ("t1", "r0002"), ("t6", "r0001"), ("t6", "r0002")]


def test_hostile_texts_and_numbers_do_no_harm(past: History) -> None:
    tried = result().attempts[0]
    metrics = tuple(Measure(name, value, HOSTILE) for name, value in (("n", math.nan), ("i", math.inf), ("v", 1e300)))
    nasty = result(
        verdict="failed",
        reason=HOSTILE + "x" * 100_000,
        axes={"compiler": HOSTILE},
        host=HOSTILE,
        attempts=(replace(tried, metrics=metrics),),
    )
    past.record(run(1, nasty, branch=HOSTILE, commit=HOSTILE))
    (night,) = past.nights(None, 9)
    (one,) = past.points([night])
    assert len(one.reason) == point.LONGEST
    assert "😀" in one.reason
    assert "\0" not in one.reason
    assert {measure.name for measure in one.measures} == {"boot_time", "memory_peak", "unikernel_size", "v"}
    past.record(run(2, nasty))
    assert len(list(past.points(past.nights(None, 9)))) == 2


WRITER = """
import sys
from pathlib import Path
from histories import run, result
from bootmatrix.history.database import opened
sys.stdin.readline()
for number in map(int, sys.argv[2:]):
    with opened(Path(), sys.argv[1]) as past:
        past.record(run(number, *(result(f"t{n}") for n in range(number, number + 700))))
"""


def written(url: str, folder: Path, numbers: list[list[int]]) -> list[int]:
    """How processes ended that record so many runs each, all at once."""
    tests = str(Path(__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
    commands = [[sys.executable, "-c", WRITER, url, *map(str, some)] for some in numbers]
    processes = [subprocess.Popen(each, env=env, cwd=folder, stdin=subprocess.PIPE) for each in commands]
    for process in processes:
        assert process.stdin
        process.stdin.close()
    return [process.wait(120) for process in processes]


def test_several_processes_record_at_once(url: str, tmp_path: Path) -> None:
    """Each makes the tables, and names that the others make too."""
    assert written(url, tmp_path, [[1, 2, 3], [3, 4, 5], [6, 3, 1]]) == [0, 0, 0]
    with opened(tmp_path, url) as past:
        nights = past.nights("main", 9)
        assert sorted(night.run for night in nights) == ["r0001", "r0002", "r0003", "r0004", "r0005", "r0006"]
        assert len(list(past.points(nights))) == 6 * 700
        assert len(list(past.tests())) == 705


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


def test_several_processes_bring_a_database_to_this_version_at_once(url: str, tmp_path: Path) -> None:
    first_version(url, tmp_path).dispose()
    assert written(url, tmp_path, [[2], [3], [4], [5]]) == [0, 0, 0, 0]
    with opened(tmp_path, url) as past:
        assert sorted(night.run for night in past.nights("main", 9)) == [f"r000{number}" for number in (1, 2, 3, 4, 5)]


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


def test_the_projects_own_folder_is_left_out_by_git(tmp_path: Path) -> None:
    with opened(tmp_path) as past:
        past.record(run(1, result()))
    assert (tmp_path / ".bootmatrix" / "history.sqlite").is_file()
    assert (tmp_path / ".bootmatrix" / ".gitignore").read_text() == "*\n"


def test_none_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_HISTORY", "none")
    with opened(tmp_path) as past:
        past.record(run(1, result()))
        assert past.nights("main", 9) == ()
        assert past.night("r0001") is None
        assert [*past.points([]), *past.tests()] == []
    assert list(tmp_path.iterdir()) == []


def test_the_option_is_stronger_than_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_HISTORY", str(tmp_path / "environment"))
    for given, file in (("", "environment"), (f"sqlite:///{tmp_path}/option", "option")):
        with opened(tmp_path, given) as past:
            past.record(run(1))
        assert (tmp_path / file).is_file()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nosuch://host/name", "there is no kind of database 'nosuch'"),
        ("postgresql+psycopg2://u:secret@host/name", "pip install 'bootmatrix\\[postgresql\\]'"),
        ("://", "cannot be read"),
        ("postgresql+psycopg://u:secret@host:port/name", "cannot be read"),
    ],
)
def test_what_is_no_database_is_said(tmp_path: Path, given: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught, opened(tmp_path, given):
        pass
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer_is_said_without_the_password(tmp_path: Path) -> None:
    given = f"postgresql+psycopg://u:secret@/name?host={tmp_path}"
    with pytest.raises(InfrastructureError, match="cannot be used") as caught, opened(tmp_path, given):
        pass
    assert "secret" not in str(caught.value)
    assert "its server is running" in str(caught.value)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("instead", "said"), [("SELECT pg_sleep(100)", "took longer"), ("", "lock timeout|took longer")]
)
def test_a_server_that_lets_us_wait_is_given_up(
    instead: str, said: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"postgresql+psycopg:///postgres?{server}"
    with opened(tmp_path, url):
        pass
    holder = create_engine(url)
    with holder.connect() as other:
        other.execute(text("LOCK TABLE runs"))
        monkeypatch.setenv(VARIABLE, "2")
        with opened(tmp_path, url) as past:
            if instead:
                slow(past, instead)
            with pytest.raises(InfrastructureError, match=said):
                past.night("r0001")
    holder.dispose()


@pytest.mark.parametrize("at", [0, 5000])
def test_a_spoilt_file_is_said(tmp_path: Path, at: int) -> None:
    file = tmp_path / "history.sqlite"
    with opened(tmp_path, str(file)) as past:
        past.record(run(1, *(result(f"t{number}") for number in range(500))))
    with file.open("r+b") as stream:
        stream.seek(at)
        stream.write(b"\xa5" * 40_000)
    with pytest.raises(InfrastructureError, match="move the file away"), opened(tmp_path, str(file)) as past:
        past.record(run(2, *(result(f"t{number}") for number in range(500))))


def test_a_folder_that_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="is not a regular file"), opened(tmp_path, str(tmp_path)):
        pass


def test_a_file_that_another_program_made_is_not_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE runs (mine)")
    other.close()
    with pytest.raises(UserError, match="'runs' is not as bootmatrix makes it"), opened(tmp_path, str(file)):
        pass
    with sqlite3.connect(file) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["runs"]
    other.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few hundred KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.getuid() or mounted(folder, "size=400k").returncode:
        pytest.skip("a tmpfs cannot be mounted here: that needs root")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def mounted(folder: Path, options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False)


def many() -> Run:
    return run(2, *(result(f"t{number}", "failed", reason="x" * 500) for number in range(2000)))


def test_a_full_disk_loses_nothing_that_was_recorded(tmp_path: Path, small: Path) -> None:
    file = str(small / "history.sqlite")
    with opened(tmp_path, file) as past:
        past.record(run(1, result()))
        with pytest.raises(InfrastructureError, match="free some space"):
            past.record(many())
        assert [night.run for night in past.nights("main", 9)] == ["r0001"]
    assert mounted(small, "remount,size=64m").returncode == 0
    with opened(tmp_path, file) as past:
        past.record(many())
        assert len(list(past.points(past.nights("main", 9)))) == 2001


def test_a_database_that_cannot_be_written_can_be_read(tmp_path: Path, small: Path) -> None:
    file = str(small / "history.sqlite")
    with opened(tmp_path, file) as past:
        past.record(run(1, result()))
    assert mounted(small, "remount,ro").returncode == 0
    with opened(tmp_path, file) as past:
        assert [night.run for night in past.nights("main", 9)] == ["r0001"]
        with pytest.raises(InfrastructureError, match="make it writable"):
            past.record(run(2, result()))
