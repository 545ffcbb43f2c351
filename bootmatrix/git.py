"""What git says of a folder: asked without a terminal, within a deadline, and of that folder alone."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError, Problem

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 60.0  # for a large checkout on a slow disk
# What makes git speak of another folder than the one that it is asked of: a hook has them in its environment.
ELSEWHERE = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"})
# Nothing is fetched: a repository's own configuration names the program that would do it, and an ordinary folder may be
# laid out as a repository.
ALONE = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "LC_ALL": "C",
}
# Its owner may be another user; what the folder's own configuration would start is not started.
OPTIONS = ("-c", "safe.directory=*", "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false")


@dataclass(frozen=True)
class Answer:
    """`said` on standard output, `warned` on standard error."""

    said: bytes
    warned: str


def ask(folder: Path, *words: str, seconds: float = SECONDS) -> Answer | None:
    """None if there is no git, or if it knows nothing of the folder; raises InfrastructureError if it does not end."""
    if not _is_here():
        return None
    command = ["git", *OPTIONS, "-C", str(folder), *words]
    env = {name: value for name, value in os.environ.items() if name not in ELSEWHERE} | ALONE
    try:
        done = subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        what = f"git {words[0]} does not end within {seconds:g} s in {folder}"
        raise InfrastructureError(Problem(what, remedy="is its disk slow or away? try it there by hand")) from None
    if done.returncode < 0:
        raise InfrastructureError(f"git {words[0]} was ended by signal {-done.returncode} in {folder}")
    return None if done.returncode else Answer(done.stdout, done.stderr.decode("utf-8", "replace"))


@functools.cache
def _is_here() -> bool:
    return shutil.which("git") is not None
