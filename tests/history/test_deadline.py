"""What takes too long is ended, by its deadline or by Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from histories import slow
from history.hostile import COUNT, ended

from bootmatrix.errors import InfrastructureError
from bootmatrix.history.database import opened
from bootmatrix.history.deadline import VARIABLE

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.timeout(600)


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
