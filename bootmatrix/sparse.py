"""Files with holes: what they hold is read and copied without what is only zeros that were never written."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 1 << 20  # bytes that are read at once
STEP = 1 << 26  # bytes that the kernel copies at once
# The kernel cannot copy between these two: file systems of different kinds, or of a kind that knows no such copy.
BY_HAND = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM})


def extents(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Where the first `size` bytes of a file were written: the beginning and the end of each part."""
    at = 0
    while at < size:
        try:
            begin = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return  # nothing but a hole
            raise
        at = min(os.lseek(descriptor, begin, os.SEEK_HOLE), size)
        if begin < at:
            yield begin, at


def written(descriptor: int) -> int:
    """The bytes that a file takes of its disk."""
    return os.fstat(descriptor).st_blocks * 512


def copy(source: int, target: int, size: int) -> None:
    """Let the file `target`, new and open for writing, be `size` bytes long and begin with what `source` holds."""
    os.ftruncate(target, size)
    for begin, end in extents(source, min(size, os.fstat(source).st_size)):
        at = begin
        while at < end:
            done = _copied(source, target, at, min(end - at, STEP))
            if not done:
                return  # somebody has made it shorter
            at += done


def _copied(source: int, target: int, at: int, count: int) -> int:
    try:
        return os.copy_file_range(source, target, count, at, at)
    except OSError as error:
        if error.errno not in BY_HAND:
            raise
    return os.pwrite(target, os.pread(source, min(count, PIECE), at), at)
