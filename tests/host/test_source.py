"""The commit and the branch of a source, asked of real git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bootmatrix import source

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=trunk"]
    return subprocess.run(
        ["git", *who, "-C", folder, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in source.BRANCHES:
        monkeypatch.delenv(name, raising=False)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "first")
    return tmp_path


def test_git_tells_commit_and_branch(checkout: Path) -> None:
    assert source.of(checkout) == source.Source(git(checkout, "rev-parse", "HEAD"), "trunk")


def test_where_no_branch_is_checked_out_ci_tells_it(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(checkout, "checkout", "--quiet", "--detach")
    assert source.of(checkout).branch == ""
    monkeypatch.setenv("GITHUB_REF_NAME", "7/merge")
    monkeypatch.setenv("GITHUB_HEAD_REF", "feature")
    assert source.of(checkout).branch == "feature"


def test_our_own_variable_counts_first(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_BRANCH", "nightly")
    assert source.of(checkout).branch == "nightly"


def test_a_folder_without_git_and_a_repository_without_commits_have_none(tmp_path: Path) -> None:
    assert source.of(tmp_path / "nowhere").commit == ""
    git(tmp_path, "init", "--quiet")
    assert source.of(tmp_path).commit == ""
