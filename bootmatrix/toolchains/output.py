"""Prepares a build's output for boots: readable for every user, without what a boot must not be given.

The build's commands may come from anyone: nothing is followed, nothing is opened but folders, and what would give
rights to those who run it (setuid, setgid) is only a file afterwards.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from bootmatrix import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEEPEST = 200  # folders in folders; each takes a descriptor while it is looked at
KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
READABLE, ENTERED = 0o444, 0o755  # what everyone may do: a boot runs as nobody, and the caller's umask may be strict
WATCHED = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def settle(made: Path, left_out: Callable[[str], None]) -> None:
    """Let every user read what is in the folder `made`; what is no file, folder or link is removed and told.

    Raises OSError, with the name, where that is not possible: `made` is no folder, or a file system is mounted in it.
    """
    if mounts := files.mounted_in(made):
        raise OSError(errno.EBUSY, f"a file system is mounted at {mounts[0]}", str(made))
    handle = os.open(made, WATCHED)
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.ENOTDIR, "it is not a folder any more", str(made))
        _settle_folder(handle, str(made), left_out, 0)
    finally:
        os.close(handle)


def _settle_folder(handle: int, path: str, left_out: Callable[[str], None], depth: int) -> None:
    """`handle` is where it was found, and need not be readable before."""
    if depth > DEEPEST:
        raise OSError(errno.ENAMETOOLONG, f"it has more than {DEEPEST} levels of folders", path)
    _allow(handle, path, ENTERED)
    opened = os.open(f"/proc/self/fd/{handle}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir(opened) as entries:
            for entry in entries:
                _settle(opened, entry, f"{path}/{entry.name}", left_out, depth)
    finally:
        os.close(opened)


def _settle(folder: int, entry: os.DirEntry[str], path: str, left_out: Callable[[str], None], depth: int) -> None:
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode) or (stat.S_ISREG(mode) and _wanted(mode, READABLE) == stat.S_IMODE(mode)):
        return
    if kind := KINDS.get(stat.S_IFMT(mode)):
        os.unlink(entry.name, dir_fd=folder)
        left_out(f"{path} is not kept: it is {kind}")
        return
    handle = os.open(entry.name, WATCHED, dir_fd=folder)
    try:
        if stat.S_ISDIR(mode):
            _settle_folder(handle, path, left_out, depth + 1)
        else:
            _allow(handle, path, READABLE)
    finally:
        os.close(handle)


def _wanted(mode: int, right: int) -> int:
    """Setuid, setgid and sticky are gone."""
    return stat.S_IMODE(mode) & 0o777 | right


def _allow(handle: int, path: str, right: int) -> None:
    mode = os.fstat(handle).st_mode
    if _wanted(mode, right) == stat.S_IMODE(mode) or stat.S_ISLNK(mode):
        return
    try:
        os.chmod(f"/proc/self/fd/{handle}", _wanted(mode, right))  # noqa: PTH101  # the kernel's link, not a path
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
