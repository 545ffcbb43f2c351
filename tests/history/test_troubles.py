"""A database that cannot be used is said, with what helps; nothing that was recorded is lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest
from histories import result, run, slow
from sqlalchemy import create_engine, text

from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.history.database import opened
from bootmatrix.history.deadline import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.model import Run


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
