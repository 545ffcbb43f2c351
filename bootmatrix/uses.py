"""When cached builds, images and bases were last used: a file for each, whose mtime is the time and text the name."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from bootmatrix import files, host, keys

if TYPE_CHECKING:
    from pathlib import Path


FOLDER = "used"
LONGEST = 4096  # bytes of a name


def _file(kind: str, key: str) -> Path:
    return host.cache() / FOLDER / f"{kind}-{keys.of(key)}"


def mark(kind: str, key: str, name: str) -> None:
    """It is used now. A cache that takes no more loses only this."""
    with contextlib.suppress(OSError):
        host.cache().mkdir(parents=True, exist_ok=True)
        files.folder(host.cache(), FOLDER)
        files.write(_file(kind, key), name)


def last(kind: str, key: str) -> tuple[str, float] | None:
    """Its name, and the seconds since it was used; None if that is not known, or is no such file."""
    try:
        with files.opened(_file(kind, key), below=host.cache()) as stream:
            return stream.read(LONGEST).decode(errors="replace"), time.time() - os.fstat(stream.fileno()).st_mtime
    except OSError:
        return None


def forget(kind: str, key: str) -> None:
    with contextlib.suppress(OSError):
        files.remove(_file(kind, key))
