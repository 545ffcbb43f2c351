"""Which source a run is of: the commit and the branch that are checked out."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootmatrix import files, git
from bootmatrix.errors import InfrastructureError

SECONDS = 10
LARGEST = 32 << 20  # bytes of an event: GitHub sends 25 MB at most
# Where a CI has checked out a commit without its branch, it tells the branch, and of which commit that is.
PUSHED = {"GITHUB_REF_NAME": "GITHUB_SHA", "CI_COMMIT_REF_NAME": "CI_COMMIT_SHA", "BRANCH_NAME": "GIT_COMMIT"}
UNKNOWN = "pull-request"  # whose a branch is, where that is not told


@dataclass(frozen=True)
class Source:
    """`commit` in hex; both are empty where there is no git, `branch` also where nothing tells it. A branch of another
    repository, as of a fork, is `OWNER:BRANCH`, which git allows no branch to be called.
    """

    commit: str
    branch: str


def of(folder: Path) -> Source:
    """What a pull request is of comes before what git calls it: a fork's `main` may be checked out as `main`."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    branch = os.environ.get("BOOTMATRIX_BRANCH") or _requested()
    branch = branch or _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    return Source(commit, branch or _pushed(commit))


def _pushed(commit: str) -> str:
    """The branch for which the CI runs, if its commit is checked out: a job may have fetched another, as a fork's."""
    branch = next((name for name in PUSHED if _first(name)), "")
    return _first(branch) if branch and _first(PUSHED[branch]) in {"", commit} else ""


def _requested() -> str:
    """The branch that a pull or merge request is of; empty if this is none."""
    if _first("GITHUB_HEAD_REF") or _first("GITHUB_EVENT_NAME").startswith("pull_request"):
        return _github()
    if _first("CI_MERGE_REQUEST_IID") or _first("CI_PIPELINE_SOURCE") == "merge_request_event":
        return _gitlab()
    if _first("CHANGE_ID", "CHANGE_BRANCH"):
        return _jenkins()
    return ""


def _github() -> str:
    """As Gitea and Forgejo have it, too.

    Source: the webhook `pull_request`; `head.repo` is null where the fork was removed.
    """
    pull = _event().get("pull_request")
    head, base = _within(pull, "head"), _within(pull, "base")
    ours = _text(base, "repo", "full_name") or _first("GITHUB_REPOSITORY")
    branch = _first("GITHUB_HEAD_REF") or _text(head, "ref") or _first("GITHUB_REF_NAME")
    return _named(branch, _text(head, "repo", "full_name"), [ours], _text(head, "user", "login"))


def _gitlab() -> str:
    """The pipeline of a fork's request runs in the fork, or in the project that it is for."""
    branch = _first("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME")
    ours = [_first("CI_MERGE_REQUEST_PROJECT_PATH", "CI_PROJECT_PATH"), _first("CI_PROJECT_PATH")]
    return _named(branch, _first("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"), ours)


def _jenkins() -> str:
    """CHANGE_FORK is the owner, or the whole name, of a fork; it is not set for a branch of our own."""
    branch, fork = _first("CHANGE_BRANCH", "BRANCH_NAME"), _first("CHANGE_FORK")
    return f"{fork.partition('/')[0]}:{branch}" if fork else branch


def _named(branch: str, repository: str, ours: list[str], owner: str = "") -> str:
    """With its owner, unless it is known to be a branch of our own repository."""
    if repository and all(repository.casefold() == each.casefold() for each in ours):
        return branch
    return f"{repository.rpartition('/')[0] or owner or UNKNOWN}:{branch}"


def _event() -> dict[str, Any]:
    """What GitHub tells of the event; empty where it does not."""
    try:
        found = json.loads(files.read(Path(_first("GITHUB_EVENT_PATH")), LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _within(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: object, *names: str) -> str:
    found = _within(value, *names)
    return found if isinstance(found, str) else ""


def _first(*names: str) -> str:
    """The first of these variables that is set to something."""
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _git(folder: Path, *words: str) -> str:
    """One line of git's answer, empty if it has none."""
    try:
        answer = git.ask(folder, *words, seconds=SECONDS)
    except InfrastructureError:  # a run that does not know its commit is better than none
        return ""
    return answer.said.decode("utf-8", "replace").strip() if answer else ""
