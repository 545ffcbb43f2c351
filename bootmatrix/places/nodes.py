"""Nodes of this host's devices, to hand into containers: an engine copies the rights of the one that it is given."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import TYPE_CHECKING

from bootmatrix import files, host
from bootmatrix.program import unexpected

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534  # as whom boots run in containers
FOLDER, ALONE = "nodes", 0o700  # and its rights
IMPOSSIBLE = frozenset(  # where no node can be made
    {errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
)


def group(device: Path) -> int:
    """The group that may open it, 0 if that is no group's right."""
    try:
        found = device.stat()
    except OSError:
        return 0
    return found.st_gid if found.st_mode & stat.S_IWGRP else 0


def handed(device: Path, *, others: bool = False) -> str:
    """The node to hand in: where only root may open the device, one of our own that a boot's user may, and, with
    `others`, everybody in a container: here none but root comes to it.

    Where none can be made, as in a container without that right, it is the device's own, and a probe finds it useless.
    Raises Fatal where the disk takes no more.
    """
    found = device.stat()
    if os.getuid() or found.st_mode & stat.S_IWOTH or group(device):
        return str(device)
    node, owner, mode = host.cache() / FOLDER / device.name, 0 if others else NOBODY, 0o666 if others else 0o600
    try:
        _close(node.parent)
        if not _is_given(node, found.st_rdev, owner, mode):
            _make(node, found.st_rdev, owner, mode)
    except OSError as error:
        if error.errno not in IMPOSSIBLE:
            raise unexpected.of_file(error) from None
        return str(device)
    return str(node)


def _close(folder: Path) -> None:
    """A folder that is root's alone: what this host lets only root open, others shall not open there."""
    with contextlib.suppress(FileExistsError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(ALONE)
    found = folder.lstat()
    if (stat.S_IFMT(found.st_mode), found.st_uid) != (stat.S_IFDIR, 0):
        raise PermissionError(errno.EPERM, "it is not ours", str(folder))
    if stat.S_IMODE(found.st_mode) != ALONE:
        folder.chmod(ALONE)


def _is_given(node: Path, device: int, owner: int, mode: int) -> bool:
    """A link there, or another device, is not ours to give away."""
    try:
        found = node.lstat()
    except FileNotFoundError:
        return False
    return (found.st_rdev, found.st_uid, found.st_mode) == (device, owner, stat.S_IFCHR | mode)


def _make(node: Path, device: int, owner: int, mode: int) -> None:
    """In one step, whoever else does so now."""
    fresh = node.with_name(f".{node.name}.{secrets.token_hex(8)}")
    os.mknod(fresh, stat.S_IFCHR | 0o600, device)
    try:
        os.chown(fresh, owner, owner)
        fresh.chmod(mode)  # which the mask of a new file's rights does not change
        if node.is_dir() and not node.is_symlink():
            files.remove(node)
        fresh.replace(node)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
