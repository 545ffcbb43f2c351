"""Whatever lies where the history should be: the run has all its reports, in time, and one note says what is wrong."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from histories import CELL, result, run, slow
from support import bootmatrix

from bootmatrix import plugins, results
from bootmatrix.errors import BootmatrixError, InfrastructureError
from bootmatrix.history import told
from bootmatrix.history.database import Database, opened
from bootmatrix.history.deadline import VARIABLE
from bootmatrix.running import reporting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bootmatrix.model import Run

pytestmark = pytest.mark.timeout(120)
MASTER = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
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


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A history of two runs."""
    place = tmp_path / "history.sqlite"
    with opened(tmp_path, str(place)) as past:
        for number in (1, 2):
            past.record(run(number, result(), result("gone"), *(result(f"t{at}") for at in range(200))))
    return place


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    place = tmp_path / "elsewhere/victim"
    place.parent.mkdir()
    place.write_bytes(b"as it was\n" * 100)
    return place


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


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_not_as_we_make_it_is_refused(what: str, file: Path, tmp_path: Path) -> None:
    change(file, HOSTILE[what])
    before = file.read_bytes()
    folder, (note,) = ended(tmp_path, str(file))
    assert note.startswith("this run was not recorded in the history: ")
    assert str(file) in note
    assert "move the file away: the next run starts a new history" in note
    assert not (folder / "trends.json").exists()
    assert file.read_bytes() == before


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_rows_are_left_out_and_the_rest_is_used(what: str, file: Path, tmp_path: Path) -> None:
    change(file, DAMAGE[what])
    folder, notes = ended(tmp_path, str(file))
    drawn = told.trends(folder)
    assert drawn
    assert drawn.nights[-1].run == "r0003"
    assert set(drawn.tests) == {f"{CELL}/hello"}
    if notes:
        assert len(notes) == 1
        assert "of its rows are ignored" in notes[0]
        assert "move the file away" in notes[0]
    with opened(tmp_path, str(file)) as past:  # what can be read is sound, whatever it is
        assert [one.run for one in past.points(past.nights(None, 9)) if one.id == f"{CELL}/hello"][-1] == "r0003"
        assert dict(past.tests())[f"{CELL}/hello"] == run(3, result()).results[0].values


@pytest.mark.parametrize(
    "what", ["places that never were", "a verdict of bytes", "attempts in words", "a long reason", "a time in words"]
)
def test_what_was_left_out_is_told(what: str, file: Path, tmp_path: Path) -> None:
    change(file, DAMAGE[what])
    assert len(ended(tmp_path, str(file))[1]) == 1


@pytest.mark.parametrize("mode", ["EXCLUSIVE", "NORMAL"])
def test_a_file_that_another_has_locked_is_given_up_in_time(
    mode: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "0.5")
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute(f"PRAGMA locking_mode = {mode}")
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM measures")
        _, (note,) = ended(tmp_path, str(file))
    assert "locked" in note or "took longer than 0.5" in note
    assert "bootmatrix nightly" in note


def refusal(place: Path, tmp_path: Path) -> str:
    """What is said where a history is used; empty if it can be."""
    try:
        with opened(tmp_path, str(place)) as past:
            past.record(run(3, *(result(f"t{at}") for at in range(200))))
            list(past.points(past.nights(None, 9)))
    except BootmatrixError as error:
        return str(error)
    return ""


def spoilt(file: Path) -> Iterator[tuple[str, bytes]]:
    whole, dice = file.read_bytes(), random.Random(5)  # noqa: S311  # no secret
    for size in (1, 15, 16, 99, 100, 4095, 4096, 4097, len(whole) // 2, len(whole) - 1):
        yield f"cut off at {size}", whole[:size]
    for at in range(0, len(whole), 4096):
        yield f"spoilt at {at}", whole[:at] + b"\xa5" * 4096 + whole[at + 4096 :]
    for at in range(0, min(len(whole), 1 << 16), 1024):
        yield f"noise at {at}", whole[:at] + dice.randbytes(64) + whole[at + 64 :]
    yield "noise", dice.randbytes(20_000)


def test_a_spoilt_file_is_told_as_spoilt_wherever_it_is(file: Path, tmp_path: Path) -> None:
    """Or what is spoilt is not needed; never is it told as anything else, and never is it waited for."""
    refused = 0
    for index, (how, raw) in enumerate(spoilt(file)):
        place = tmp_path / f"spoilt{index}"
        place.write_bytes(raw)
        if said := refusal(place, tmp_path):
            assert "move the file away" in said, how
            assert "already exists" not in said, how
            refused += 1
        for each in tmp_path.glob(f"{place.name}*"):
            each.unlink()
    assert refused > 20


@pytest.mark.parametrize("kind", LAID)
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_nothing_that_is_laid_out_is_opened(kind: str, suffix: str, file: Path, victim: Path, tmp_path: Path) -> None:
    place = file.with_name(file.name + suffix)
    place.unlink(missing_ok=True)
    LAID[kind](place, victim)
    _, (note,) = ended(tmp_path, str(file))
    assert str(place) in note
    assert "move it away" in note
    assert victim.read_bytes() == b"as it was\n" * 100
    assert list(victim.parent.iterdir()) == [victim]


def test_a_journal_that_would_have_another_file_removed_is_not_played_back(
    file: Path, victim: Path, tmp_path: Path
) -> None:
    """A header without pages, then the name of its master: sqlite.org/fileformat2.html, the rollback journal."""
    name, page = str(victim).encode(), 4096
    header = (MASTER + struct.pack(">IIIII", 0, 0, file.stat().st_size // page, 512, page)).ljust(512, b"\0")
    master = struct.pack(">I", (1 << 30) // page + 1) + name + struct.pack(">II", len(name), sum(name)) + MASTER
    file.with_name(f"{file.name}-journal").write_bytes(header + master)
    _, (note,) = ended(tmp_path, str(file))
    assert "contains the name of another file, which SQLite would delete" in note
    assert victim.exists()


@pytest.mark.parametrize("name", [".bootmatrix", ".bootmatrix/.gitignore"])
@pytest.mark.parametrize("kind", LAID)
def test_our_own_folder_is_not_made_through_anything(name: str, kind: str, victim: Path, tmp_path: Path) -> None:
    target = victim.parent if name == ".bootmatrix" and kind in {"a link", "a link to nothing"} else victim
    if kind == "a second name" and target.is_dir():
        pytest.skip("a folder has one name")
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    LAID[kind](place, target)
    ended(tmp_path, "")
    assert victim.read_bytes() == b"as it was\n" * 100
    assert list(victim.parent.iterdir()) == [victim]


def test_a_statement_ends_at_the_deadline_and_says_what_took_so_long(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "0.3")
    with opened(tmp_path, str(file)) as past:
        slow(past, COUNT)
        with pytest.raises(InfrastructureError, match="looking for the run took longer than 0") as caught:
            past.night("r0001")
    assert f"{VARIABLE}=SECONDS" in str(caught.value)


CHILD = """
import sys
from pathlib import Path
from sqlalchemy import event
from bootmatrix.history.database import opened

def slowly(*_):
    print("begun", flush=True)
    return sys.argv[2], ()

with opened(Path(), sys.argv[1]) as past:
    event.listen(past.engine, "before_cursor_execute", slowly, retval=True)
    try:
        past.night("r0001")
    except KeyboardInterrupt:
        sys.exit(7)
"""


def test_a_statement_ends_at_ctrl_c(file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(file), COUNT]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"begun\n"
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 7


@pytest.mark.parametrize("given", ["x", "0", "-1", "nan", "inf"])
def test_a_patience_that_is_none_is_told(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, given)
    (note,) = ended(tmp_path, "")[1]
    assert f"{VARIABLE} is '{given}'" in note


@pytest.mark.parametrize("raised", [KeyError("x"), RecursionError(), MemoryError(), KeyboardInterrupt()])
def test_whatever_the_history_raises_the_run_ends(
    raised: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(Database, "nights", fail)
    (note,) = ended(tmp_path, "")[1]
    assert "`bootmatrix nightly` records it" in note


def test_the_page_shows_what_history_says_of_this_run(file: Path, tmp_path: Path) -> None:
    folder, notes = ended(tmp_path, str(file))
    assert notes == []
    first = (folder / "index.html").read_bytes()
    (folder / "trends.json").unlink()
    plugins.make_report("html", {}, tmp_path).write(results.open_run(folder / "results.json"), folder, tmp_path / "p")
    assert b"r0001" in first
    assert b"r0001" not in (tmp_path / "p").read_bytes()


def stored(project: Path, made: Run) -> None:
    folder = project / "out" / made.id
    folder.mkdir(parents=True)
    results.write(made, folder / "results.json")


@pytest.mark.parametrize("what", ["an endless view", "a place of bytes", "a run of bytes", "a pipe", "cut off"])
def test_the_commands_say_it_and_end(what: str, file: Path, tmp_path: Path) -> None:
    stored(tmp_path, run(3, result()))
    if what == "a pipe":
        file.unlink()
        os.mkfifo(file)
    elif what == "cut off":
        os.truncate(file, 5000)
    else:
        change(file, (HOSTILE | DAMAGE)[what])
    for command in (
        ("nightly", "r0003"),
        ("history", f"{CELL}/hello"),
        ("compare", "--axis", "compiler", "gcc", "gcc", "--nights", "5"),
    ):
        done = bootmatrix(*command, "--history", str(file), cwd=tmp_path)
        assert "Traceback" not in done.stderr
        if what in DAMAGE:
            assert done.returncode in {0, 2}
        else:
            assert done.returncode in {2, 3}
            assert str(file) in done.stderr


@pytest.mark.parametrize("reports", ["7", '"x"', "[1]", '{"tap": 7}'])
def test_nightly_takes_no_options_from_a_journal_that_has_none(reports: str, tmp_path: Path) -> None:
    stored(tmp_path, run(3, result()))
    (tmp_path / "out/r0003/events.jsonl").write_text(f'{{"event": "run started", "reports": {reports}}}\n')
    done = bootmatrix("nightly", "r0003", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
