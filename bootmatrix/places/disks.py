"""Disks that a job gets of its own: files beside those of others, made before it and gone after it.

The folder above them is closed to every other user of this host. Their own folder is not the job's to write to, so that
a job can fill its disks, and neither rename them nor put links in their place; who may do so all the same, as on this
host, is found out by the file's number.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix import disk, files, sparse
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.model import MIB
from bootmatrix.places import room

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OPEN, CLOSED = 0o755, 0o700  # of the folder: where jobs run as another user, and where not
WRITABLE, READ_ONLY = 0o666, 0o444
BLOCK = 512  # bytes: what POSIX' ulimit -f counts
FULL = 1 << 16  # bytes: a disk with less left is full


@dataclass(frozen=True)
class Disk:
    """One disk: `size` bytes of zeros, or of what a file holds, which then must lie in the folder `below`; or that of a
    job that has ended, by its open `descriptor`, under another name.
    """

    size: int
    source: Path | None = None
    below: Path | None = None
    read_only: bool = False
    descriptor: int = -1


@dataclass
class Laid:
    """The disks of a job that runs or has just ended, in their folder."""

    folder: Path
    numbers: dict[str, tuple[int, int]] = field(default_factory=dict)

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """A descriptor for reading. OSError if it is not the file that it was before the job."""
        with files.opened(self.folder / name) as stream:
            found = os.fstat(stream.fileno())
            if (found.st_dev, found.st_ino) != self.numbers[name]:
                raise OSError(f"{name} is another file than before the boot")
            yield stream.fileno()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While this lasts, no new file gets the number of one that the job has removed."""
        with contextlib.ExitStack() as stack:
            for name in self.numbers:
                number = os.open(self.folder / name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
                stack.callback(os.close, number)
            yield

    def check_room(self) -> None:
        """Raises Fatal if the host's disk is full: then a guest may have been kept from writing."""
        try:
            found = os.statvfs(self.folder)
        except OSError as error:
            raise disk.full(self.folder, error) from None
        if found.f_bavail * found.f_frsize < FULL:
            raise disk.full(self.folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def beside(folder: str) -> str:
    """Where the disks are seen of a job whose other files are in that folder."""
    return f"{folder}-disks"


def limit(disks: Mapping[str, Disk]) -> int:
    """The bytes that a file may have which a job with these disks writes; 0 without any."""
    return max((-(-each.size // MIB) * MIB for each in disks.values()), default=0)


def held(argv: tuple[str, ...], disks: Mapping[str, Disk]) -> tuple[str, ...]:
    """The command line of a job that has that limit from its first moment: one that is set from outside comes late."""
    blocks = limit(disks) // BLOCK
    return ("sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *argv) if blocks else argv


def make(folder: Path, mode: int) -> None:
    """The folder, which must not be there; Fatal if the disk takes no more."""
    try:
        folder.mkdir(mode=CLOSED)
        folder.chmod(mode)
    except FileExistsError:
        raise InfrastructureError(f"{folder} exists already, where a boot's disks are to go") from None
    except OSError as error:
        raise disk.full(folder, error) from None


def lay(folder: Path, disks: Mapping[str, Disk]) -> Laid:
    """Make the disks in their folder, which is there and empty.

    Raises UserError for a file that cannot be read, InfrastructureError if this host has no room for what the disks may
    come to hold, Fatal if its disk takes no more.
    """
    laid = Laid(folder)
    at = os.open(folder, files.FOLDER)
    try:
        room.claim(folder, sum(each.size for each in disks.values() if not each.read_only))
        for name, each in disks.items():
            laid.numbers[name] = _laid(at, name, each)
    except OSError as error:
        raise disk.full(folder, error) from None
    finally:
        os.close(at)
    return laid


def _laid(at: int, name: str, given: Disk) -> tuple[int, int]:
    """Its device and number."""
    mode = READ_ONLY if given.read_only else WRITABLE
    if given.descriptor >= 0 and (found := _linked(at, name, given.descriptor, mode)):
        return found
    descriptor = os.open(name, os.O_RDWR | files.NEW, mode, dir_fd=at)
    try:
        if given.descriptor >= 0:
            sparse.copy(given.descriptor, descriptor, given.size)
        elif given.source:
            _copy(given.source, given.below, descriptor, given.size)
        else:
            os.ftruncate(descriptor, given.size)
        os.fchmod(descriptor, mode)
        state = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return state.st_dev, state.st_ino


def _linked(at: int, name: str, descriptor: int, mode: int) -> tuple[int, int] | None:
    """The very file that is open, under another name; None where that cannot be, as on two file systems."""
    try:
        os.link(f"/proc/self/fd/{descriptor}", name, src_dir_fd=descriptor, dst_dir_fd=at)
        os.fchmod(descriptor, mode)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=at)
        return None
    state = os.fstat(descriptor)
    return state.st_dev, state.st_ino


def _copy(source: Path, below: Path | None, target: int, size: int) -> None:
    try:
        stream = files.opened(source, below)
    except OSError as error:
        what = f"{source}, which a disk is to hold, cannot be read: {error.strerror or error}"
        raise UserError(Problem(what, remedy="name a plain file that this user may read")) from None
    with stream:
        sparse.copy(stream.fileno(), target, size)


def clear(folder: Path) -> bool:
    """Remove all that is in the folder, whatever it is by now; whether it is empty."""
    room.release(folder)
    try:
        for each in list(folder.iterdir()):
            files.remove(each)
    except OSError:
        return False
    return True
