"""Consoles of a run as they are on disk: their ends, of plain files below the run's folder only, never more."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import files

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ends:
    """The first bytes of a file and its last; `left` of them between the two are not read."""

    head: bytes
    tail: bytes
    left: int = 0


def ends(folder: Path, name: str, head: int, tail: int) -> Ends:
    """Of a file longer than both together so many bytes from its ends, else all of it as its `tail`.

    `folder` is the run's, resolved. OSError or ValueError if it cannot be read: it is no plain file, or lies elsewhere.
    """
    with files.opened(f"{folder}/{name}", below=str(folder)) as opened:
        size = os.fstat(opened.fileno()).st_size
        if size <= head + tail:
            return Ends(b"", opened.read(head + tail))
        first = opened.read(head)
        opened.seek(size - tail)
        return Ends(first, opened.read(tail), size - head - tail)


def why_not(error: OSError | ValueError) -> str:
    """What to say behind the name of a file of which there are no `ends`."""
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "is not a file of this run"
    return f"cannot be read: {(isinstance(error, OSError) and error.strerror) or error}"
