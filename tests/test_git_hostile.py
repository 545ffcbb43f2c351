"""What a repository's own configuration would have git run is not run, whatever git is asked."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from support import bootmatrix

if TYPE_CHECKING:
    from pathlib import Path

# A blob that is missing is fetched when git wants it, by the program that the repository itself names.
CONFIG = """
[core]
    repositoryformatversion = 1
    bare = false
    worktree = .
[extensions]
    partialClone = evil
[remote "evil"]
    url = .
    promisor = true
    uploadpack = "touch {mark}; false"
"""
MATRIX = """
axes: {os: [debian-12], arch: [x86_64], backend: [command]}
builds: {b: {source: source, run: "cp f $OUT"}}
tests: {good: {build: b, unikernel: f, runner: {command: [sh, "{unikernel}"]}}}
"""


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *who, "-C", folder, *words], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("kind", ["a folder that looks like a repository", "an unpacked checkout"])
@pytest.mark.parametrize("command", ["list", "plan"])
def test_nothing_is_fetched(tmp_path: Path, kind: str, command: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q")
    (source / ".gitignore").write_text("zzz\n")
    (source / "f").write_text("echo SUCCESS\n")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "x")
    git(source, "update-index", "--skip-worktree", ".gitignore")
    blob = git(source, "rev-parse", "HEAD:.gitignore").strip()
    (source / ".git/objects" / blob[:2] / blob[2:]).unlink()
    (source / ".gitignore").unlink()
    (source / "new").touch()
    mark = tmp_path / "ran"
    (source / ".git/config").write_text(CONFIG.format(mark=mark))
    if kind.startswith("a folder"):
        for each in list((source / ".git").iterdir()):
            shutil.move(each, source / each.name)
        (source / ".git").rmdir()
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    bootmatrix(command, *(["--engine", "host"] if command == "plan" else []), cwd=tmp_path, BOOTMATRIX_HISTORY="none")
    assert not mark.exists()
