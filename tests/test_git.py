"""Git is asked without a terminal, within a deadline, of one folder, and starts nothing for it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bootmatrix import git, keys, source
from bootmatrix.errors import InfrastructureError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "file").touch()
    subprocess.run(["git", "-C", folder, "init", "--quiet"], check=True)
    return folder


def fake(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_git_that_hangs_is_told_within_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "exec sleep 600", monkeypatch)
    with pytest.raises(InfrastructureError, match=r"git ls-files does not end within 0\.2 s"):
        git.ask(tmp_path, "ls-files", seconds=0.2)


def test_a_git_that_is_killed_is_no_folder_without_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(checkout.parent, "kill -KILL $$", monkeypatch)
    with pytest.raises(InfrastructureError, match="was ended by signal 9"):
        keys.source_files(checkout)
    assert source.of(checkout).commit == ""


def test_git_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, 'cat; echo "$GIT_TERMINAL_PROMPT"', monkeypatch)
    assert git.ask(tmp_path, "ls-files") == git.Answer(b"0\n", "")


def test_what_a_hook_has_in_its_environment_is_not_meant(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    subprocess.run(["git", "-C", tmp_path / "other", "init", "--quiet"], check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    (checkout / ".gitignore").write_text("ignored\n")
    (checkout / "ignored").touch()
    assert keys.source_files(checkout) == [".gitignore", "file"]


def test_a_folders_own_configuration_starts_nothing(checkout: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    subprocess.run(["git", "-C", checkout, "config", "core.fsmonitor", f"touch {started}; false"], check=True)
    assert keys.source_files(checkout) == ["file"]
    assert not started.exists()
