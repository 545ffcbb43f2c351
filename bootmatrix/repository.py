"""Which repository a folder belongs to: what may be read for a matrix, and whom its plug-ins are trusted with."""

from __future__ import annotations

import os
from pathlib import Path

from bootmatrix.errors import Problem, UserError

# Never anybody's project, whatever someone has put there: the first is shared by all, the others are the kernel's.
NO_PROJECT = ("/tmp", "/", "/proc", "/sys", "/dev", "/run")  # noqa: S108  # it is compared, not written to


def top(folder: Path) -> Path:
    """The resolved top level of the git checkout that a folder lies in, else the folder itself.

    A checkout that is the user's home is none: what is kept there in git is no project, and holds keys and passwords.
    git itself is not asked: a hostile `.git/config` can make it run programs.
    """
    here = Path(os.path.realpath(folder))
    for each in (here, *here.parents):
        if _is_checkout(each):
            return each
    return here


def _is_checkout(folder: Path) -> bool:
    mark = os.path.join(folder, ".git")  # noqa: PTH118  # Path's tests raise where a folder cannot be read
    found = os.path.isfile(mark) or os.path.isfile(f"{mark}/HEAD")  # noqa: PTH113  # a file in worktrees and submodules
    return found and str(folder) not in {*NO_PROJECT, os.path.realpath(os.path.expanduser("~"))}  # noqa: PTH111


def holds(folder: str | Path, path: str | Path) -> bool:
    """Whether a path is a folder or lies in it; both are resolved, or both are names."""
    return f"{path}/".startswith(f"{str(folder).rstrip('/')}/")


def out(root: Path) -> Path:
    """The folder of the runs of the matrix in `root`, where none is named; UserError if that is a link that leads out
    of the repository, which may be a stranger's.
    """
    folder = root / "out"
    if folder.is_symlink() and not holds(os.path.realpath(top(root)), os.path.realpath(folder)):
        what = f"{folder} is a link to {os.path.realpath(folder)}, outside of its repository"
        raise UserError(Problem(what, remedy="remove the link; or, if it is yours, name the folder: --out PATH"))
    return folder
