"""What jobs in a box are to see of this host: copies, for a box sees no folder that it was not given when it began.

What is lent may come from anyone's build: no link is followed, nothing is opened but plain files and folders, and what
is neither, nor a link, is left out. A file is copied once for all slots of a machine, which have links to the copy: no
job can write to it, as it is root's, and lies on a mount that is only read.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
import threading
from typing import TYPE_CHECKING

from bootmatrix import disk, files, sparse
from bootmatrix.errors import Problem, UserError
from bootmatrix.quantities import human_size

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.place import Mount

LARGEST, MOST = 2 << 30, 100_000  # bytes and files that are copied
JOBS = "job"  # of the folder that stays: with the jobs' own files
DEEPEST = 200  # folders in folders; each takes descriptors while it is copied
PLACE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC  # a name alone: to open a device may have effects


def name(number: int) -> str:
    """Of the copy of a room's mount, by the mount's number."""
    return f"m{number}"


class Copies:
    """Those of files, each once, in a folder on the file system of the slots' shares; of what no slot has any more
    nothing stays.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: dict[tuple[int, ...], str] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def link(self, source: int, state: os.stat_result, at: int, target: str) -> None:
        """A copy of a file that is open, and is as `state` says, as a new name in the folder that is open at `at`."""
        key = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        with self._lock:
            if key in self._names and self._has(self._names[key], at, target):
                return
            name = str(next(self._numbers))
            self._make(name, source, state)
            os.link(self.folder / name, target, dst_dir_fd=at)
            self._names[key] = name

    def _has(self, name: str, at: int, target: str) -> bool:
        """Whether it has one more name: not if there are as many as a file can have."""
        try:
            os.link(self.folder / name, target, dst_dir_fd=at)
        except OSError as error:
            if error.errno != errno.EMLINK:
                raise
            return False
        return True

    def _make(self, name: str, source: int, state: os.stat_result) -> None:
        folder = os.open(self.folder, files.FOLDER)
        try:
            _copy(source, state, folder, name)
        except OSError:
            (self.folder / name).unlink(missing_ok=True)
            raise
        finally:
            os.close(folder)

    def clear(self) -> None:
        """Of those that no slot has."""
        with self._lock:
            left = set[str]()
            for each in list(self.folder.iterdir()):
                if each.stat().st_nlink == 1:
                    each.unlink()
                else:
                    left.add(each.name)
            self._names = {key: name for key, name in self._names.items() if name in left}


def lend(share: Path, mounts: tuple[Mount, ...], copies: Copies) -> None:
    """Put what jobs of a room may see into the place of what those of the room before could.

    Raises UserError if it is too much, Fatal if it cannot be read or the disk takes no more.
    """
    try:
        for old in list(share.iterdir()):
            if old.name != JOBS:
                files.remove(old)
        copier = _Copier(copies)
        for number, mount in enumerate(mounts):
            copier.shared = not mount.writable
            copier.copy(mount.source, share, name(number))
        copies.clear()
    except OSError as error:
        raise disk.full(share, error) from None


class _Copier:
    """Counts what it copies."""

    def __init__(self, copies: Copies) -> None:
        self.copies, self.shared = copies, True
        self.left, self.more = LARGEST, MOST

    def copy(self, source: Path, share: Path, target: str) -> None:
        """A file or folder, wherever links lead to it, as a new name in a folder."""
        at = os.open(share, files.FOLDER)
        try:
            found = os.open(os.path.realpath(source), PLACE)
            try:
                self._put(found, at, target, 0)
            finally:
                os.close(found)
        finally:
            os.close(at)

    def _put(self, found: int, at: int, target: str, depth: int) -> None:
        """What is at a place, as a new name in the folder that is open at `at`."""
        state = os.fstat(found)
        self.more -= 1
        if stat.S_ISLNK(state.st_mode):
            os.symlink(os.readlink("", dir_fd=found), target, dir_fd=at)
        elif stat.S_ISDIR(state.st_mode) or stat.S_ISREG(state.st_mode):
            source = os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                if stat.S_ISDIR(state.st_mode):
                    self._folder(source, at, target, depth + 1)
                else:
                    self._file(source, at, target, state)
            finally:
                os.close(source)
        if self.left < 0 or self.more < 0:
            what = f"more than {human_size(LARGEST)} or {MOST:,} files would have to be copied into a box"
            raise UserError(Problem(what, remedy="let the build leave only what is booted in $OUT"))

    def _folder(self, source: int, at: int, target: str, depth: int) -> None:
        if depth > DEEPEST:
            what = f"folders in more than {DEEPEST} levels would have to be copied into a box"
            raise UserError(Problem(what, remedy="let the build leave only what is booted in $OUT"))
        os.mkdir(target, 0o755, dir_fd=at)
        inside = os.open(target, files.FOLDER, dir_fd=at)
        try:
            for entry in os.listdir(source):
                found = os.open(entry, PLACE, dir_fd=source)
                try:
                    self._put(found, inside, entry, depth)
                finally:
                    os.close(found)
        finally:
            os.close(inside)

    def _file(self, source: int, at: int, target: str, state: os.stat_result) -> None:
        self.left -= state.st_blocks * 512
        if self.left < 0:
            return
        if self.shared:
            self.copies.link(source, state, at, target)
        else:
            _copy(source, state, at, target)


def _copy(source: int, state: os.stat_result, at: int, target: str) -> None:
    made = os.open(target, os.O_RDWR | files.NEW, 0o600, dir_fd=at)
    try:
        sparse.copy(source, made, state.st_size)
        os.fchmod(made, 0o555 if state.st_mode & 0o111 else 0o444)
    finally:
        os.close(made)
