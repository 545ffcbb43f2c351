"""What `repro` prints is piped into a shell: nothing of the matrix but the boot itself may be a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, script, scripted, write_matrix

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("key", ["console", "console_any", "console_not"])
@pytest.mark.parametrize("text", ["a\ntouch /x", "a\r touch /x", "a\x85touch /x", {"regex": "a\ntouch /x"}])
def test_a_line_end_in_a_pattern_begins_no_command(tmp_path: Path, key: str, text: object) -> None:
    write_matrix(tmp_path, scripted({"backend": ["command"]}, t=script("true", expect={key: [text]})))
    done = bootmatrix("repro", "command/t", "--engine", "host", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    *remarks, command = done.stdout.split("\n")[:-1]
    assert all(line.startswith("# ") and line.isprintable() for line in remarks)
    assert command.startswith("/")
    assert "touch" not in command
