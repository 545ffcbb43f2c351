"""The commit and the branch of a source, asked of real git."""

from __future__ import annotations

import json
import os
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
    """A repository whose `trunk` is checked out, outside of any CI."""
    for name in [*os.environ]:
        if name.startswith(("GITHUB_", "CI_", "CHANGE_", "BOOTMATRIX_", "GIT_", "BRANCH_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "first")
    return folder


def test_git_tells_commit_and_branch(checkout: Path) -> None:
    assert source.of(checkout) == source.Source(git(checkout, "rev-parse", "HEAD"), "trunk")


def test_where_no_branch_is_checked_out_ci_tells_it(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(checkout, "checkout", "--quiet", "--detach")
    assert source.of(checkout).branch == ""
    monkeypatch.setenv("GITHUB_REF_NAME", "feature")
    assert source.of(checkout).branch == "feature"


PULL = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_HEAD_REF": "trunk", "GITHUB_REF_NAME": "7/merge"}
MERGE = {"CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_REF_NAME": "trunk", "CI_PROJECT_PATH": "us/group/it"}


def event(head: object, base: object = "us/it") -> str:
    """The event of a pull request from a repository to another."""
    named = [{"full_name": name} if isinstance(name, str) else name for name in (head, base)]
    user = {"login": "them"}
    return json.dumps(
        {"pull_request": {"head": {"repo": named[0], "user": user, "ref": "trunk"}, "base": {"repo": named[1]}}}
    )


@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize(
    ("env", "told", "branch"),
    [
        (PULL, event("them/it"), "them:trunk"),
        (PULL, event("us/it"), "trunk"),
        (PULL, event("Us/It"), "trunk"),
        (PULL, event("us/another"), "us:trunk"),
        (PULL, event(None), "them:trunk"),
        (PULL, event(7), "them:trunk"),
        ({**PULL, "GITHUB_REPOSITORY": "us/it"}, event("them/it", None), "them:trunk"),
        ({**PULL, "GITHUB_REPOSITORY": "us/it"}, event("us/it", None), "trunk"),
        (PULL, None, "pull-request:trunk"),
        (PULL, "[]", "pull-request:trunk"),
        (PULL, '{"pull_request": []}', "pull-request:trunk"),
        (PULL, "[" * 100_000, "pull-request:trunk"),
        ({"GITHUB_EVENT_NAME": "pull_request_review", "GITHUB_REF_NAME": "7/merge"}, event("them/it"), "them:trunk"),
        ({"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF_NAME": "trunk"}, None, "pull-request:trunk"),
        ({**MERGE, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "them/it"}, None, "them:trunk"),
        ({**MERGE, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "us/group/it"}, None, "trunk"),
        (
            {**MERGE, "CI_PROJECT_PATH": "a/b/it", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "a/b/it"}
            | {"CI_MERGE_REQUEST_PROJECT_PATH": "us/group/it"},
            None,
            "a/b:trunk",
        ),
        (MERGE, None, "pull-request:trunk"),
        (
            {"CHANGE_ID": "7", "BRANCH_NAME": "PR-7", "CHANGE_BRANCH": "trunk", "CHANGE_FORK": "them"},
            None,
            "them:trunk",
        ),
        (
            {"CHANGE_ID": "7", "BRANCH_NAME": "PR-7", "CHANGE_BRANCH": "trunk", "CHANGE_FORK": "them/it"},
            None,
            "them:trunk",
        ),
        ({"CHANGE_ID": "7", "BRANCH_NAME": "PR-7", "CHANGE_BRANCH": "feature"}, None, "feature"),
        ({"CHANGE_ID": "7", "BRANCH_NAME": "PR-7"}, None, "PR-7"),
    ],
)
def test_a_branch_of_another_repository_has_its_owner_in_its_name(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    env: dict[str, str],
    told: str | None,
    branch: str,
    *,
    detached: bool,
) -> None:
    """Whatever it is called, and even if it is checked out by that name."""
    if detached:
        git(checkout, "checkout", "--quiet", "--detach")
    file = checkout.parent / "event.json"
    if told is not None:
        file.write_text(told)
    for name, value in {**env, "GITHUB_EVENT_PATH": str(file)}.items():
        monkeypatch.setenv(name, value)
    assert source.of(checkout).branch == branch


def test_an_event_that_is_no_plain_file_of_bounded_size_tells_nothing(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LARGEST", 100)
    file = checkout.parent / "event.json"
    file.write_text(event("us/it"))
    for name, value in {**PULL, "GITHUB_EVENT_PATH": str(file)}.items():
        monkeypatch.setenv(name, value)
    assert source.of(checkout).branch == "pull-request:trunk"
    file.unlink()
    os.mkfifo(file)
    assert source.of(checkout).branch == "pull-request:trunk"


def test_a_branch_that_is_pushed_is_that_of_its_own_commit_only(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job for `main`, as one that a comment begins, may fetch a fork's commit."""
    git(checkout, "checkout", "--quiet", "--detach")
    monkeypatch.setenv("GITHUB_REF_NAME", "main")
    monkeypatch.setenv("GITHUB_SHA", git(checkout, "rev-parse", "HEAD"))
    assert source.of(checkout).branch == "main"
    git(checkout, "commit", "--quiet", "--allow-empty", "-m", "a fork's")
    assert source.of(checkout).branch == ""


def test_our_own_variable_counts_first(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_BRANCH", "nightly")
    assert source.of(checkout).branch == "nightly"


def test_a_folder_without_git_and_a_repository_without_commits_have_none(tmp_path: Path) -> None:
    assert source.of(tmp_path / "nowhere").commit == ""
    git(tmp_path, "init", "--quiet")
    assert source.of(tmp_path).commit == ""
