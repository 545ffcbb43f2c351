"""Which source a run is of: the commit and the branch that are checked out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import git
from bootmatrix.errors import InfrastructureError

if TYPE_CHECKING:
    from pathlib import Path

# Where a CI has checked out a commit without its branch, it tells the branch: GitHub for a pull request and for a push,
# GitLab, Jenkins. The first is ours, and always counts.
BRANCHES = ("BOOTMATRIX_BRANCH", "GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BRANCH_NAME")
SECONDS = 10


@dataclass(frozen=True)
class Source:
    """`commit` in hex; both are empty where there is no git, `branch` also where nothing tells it."""

    commit: str
    branch: str


def of(folder: Path) -> Source:
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    told = os.environ.get("BOOTMATRIX_BRANCH") or _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    return Source(commit, told or next((os.environ[name] for name in BRANCHES if os.environ.get(name)), ""))


def _git(folder: Path, *words: str) -> str:
    """One line of git's answer, empty if it has none."""
    try:
        answer = git.ask(folder, *words, seconds=SECONDS)
    except InfrastructureError:  # a run that does not know its commit is better than none
        return ""
    return answer.said.decode("utf-8", "replace").strip() if answer else ""
