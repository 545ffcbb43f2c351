"""Logs of builds: bounded on the disk and in messages, whatever is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootmatrix import logs
from bootmatrix.errors import InfrastructureError


def test_a_log_can_be_followed_while_it_grows(tmp_path: Path) -> None:
    with logs.Log(tmp_path / "logs" / "build.log") as log:
        log.add(b"first\n")
        assert log.file.read_bytes() == b"first\n"
        log.add(b"second\n")
    assert log.file.read_bytes() == b"first\nsecond\n"


def test_a_log_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    with logs.Log(tmp_path / "log", limit=100) as log:
        for number in range(100_000):
            log.add(b"line %d\n" % number)
    text = log.file.read_bytes()
    assert text.startswith(b"line 0\nline 1\n")
    assert b"bytes are left out here]\n" in text
    assert text.endswith(b"line 99999\n")
    assert len(text) < 100 + (65 << 10)
    assert log.last()[-1] == "line 99999"


def test_a_line_of_megabytes_is_cut_in_messages(tmp_path: Path) -> None:
    with logs.Log(tmp_path / "log") as log:
        log.add(b"before\n" + b"x" * 12_000_000 + b"\nthe\x1b[31m reason\x07\n")
    assert log.last()[-1] == "the reason"
    assert len(log.told()) < 1000
    assert log.file.stat().st_size == 12_000_000 + len(b"before\n\nthe\x1b[31m reason\x07\n")


def test_few_lines_are_told_of_many(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"".join(b"%d\n" % number for number in range(1_000_000)))
    assert logs.last_of(tmp_path / "file", 3) == ["999997", "999998", "999999"]
    assert logs.last_of(tmp_path / "absent") == logs.last_of(Path("/dev/zero")) == []


def test_a_log_never_writes_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("as it was")
    (tmp_path / "log").symlink_to("victim")
    with logs.Log(tmp_path / "log") as log:
        log.add(b"new")
    assert ((tmp_path / "victim").read_text(), (tmp_path / "log").read_text()) == ("as it was", "new")


def test_a_log_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(InfrastructureError, match="/file/log: File exists"),
        logs.Log(tmp_path / "file" / "log"),
    ):
        pass
