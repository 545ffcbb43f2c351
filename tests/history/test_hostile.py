"""Whatever lies where the history should be: the run has all its reports, in time, and one note says what is wrong."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest
from histories import CELL, result, run
from history.hostile import DAMAGE, HOSTILE, LAID, change, ended
from support import bootmatrix

from bootmatrix import plugins, results
from bootmatrix.history.database import Database

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Run

pytestmark = pytest.mark.timeout(600)
MASTER = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"


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
