"""What `repro` prints is piped into a shell: nothing of the matrix but the boot itself may be a command."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from support import bootmatrix, script, scripted, write_matrix


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


def test_the_build_is_made_first_and_once(tmp_path: Path) -> None:
    """Its log and its error are told on standard error, for what is printed is piped into a shell.

    Only the log of an error stays.
    """
    build = {"source": ".", "run": 'echo made >"$OUT/it"; test -z "${BAD:-}"'}
    test = {"unikernel": "it", "runner": {"command": ["cat", "{unikernel}"]}}
    matrix = {"axes": {"backend": ["command"]}, "defaults": {"build": "b"}, "tests": {"t": test}}
    write_matrix(tmp_path, {**matrix, "builds": {"b": build}})
    words, cache = ["repro", "command/t", "--engine", "host"], {"BOOTMATRIX_CACHE": str(tmp_path / "cache")}
    first, second = (bootmatrix(*words, cwd=tmp_path, **cache) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    told = re.fullmatch(r"building b, log in (.+/build\.log)\n", first.stderr)
    assert told
    assert not Path(told[1]).parent.exists()
    assert second.stderr == ""
    assert first.stdout == second.stdout
    write_matrix(tmp_path, {**matrix, "builds": {"b": {**build, "env": {"BAD": "1"}}}})
    failed = bootmatrix(*words, cwd=tmp_path, **cache)
    assert (failed.returncode, failed.stdout) == (2, "")
    told = re.match(r"building b, log in (.+/build\.log)\n", failed.stderr)
    assert told
    assert Path(told[1]).is_file()
    shutil.rmtree(Path(told[1]).parent)
    assert "build b ended with status 1" in failed.stderr


@pytest.mark.parametrize("command", ["repro", "shell"])
def test_without_an_engine_nothing_is_begun(tmp_path: Path, command: str) -> None:
    write_matrix(tmp_path, scripted(None, t=script("true")))
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/none", "BOOTMATRIX_CACHE": str(tmp_path / "cache")}
    done = bootmatrix(command, "debian-12-x86_64-command", cwd=tmp_path, **nowhere)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"no container engine answers at unix://{tmp_path}/none: No such file or directory\n" in done.stderr
    assert not (tmp_path / "cache" / "work").exists()
