"""The log of what a command makes for somebody at a terminal: there while it is made, and after a failure."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import UserError
from bootmatrix.running.telling import ToTerminal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_of_what_was_made_no_log_is_left(scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ToTerminal().making("build", "it") as (log, _):
        log.write_text("made")
        assert str(log) in capsys.readouterr().err
    assert list(scratch.iterdir()) == []


def test_the_log_of_what_failed_stays(scratch: Path) -> None:
    def make() -> None:
        with ToTerminal().making("build", "it") as (log, _):
            log.write_text("why")
            raise UserError

    with pytest.raises(UserError):
        make()
    assert [file.read_text() for file in scratch.glob("*/build.log")] == ["why"]
