"""A full disk is a failure of the infrastructure; the message names the disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from bootmatrix.errors import Fatal, Problem
from bootmatrix.quantities import human_size

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
WORDS = ("No space left on device", "Disk quota exceeded")  # strerror(3) of these, as programs print them
RESERVE, SHARE = 1 << 30, 0.05  # bytes that are left to all else, and of a small disk which part of it
AGAIN = "then continue with `bootmatrix run --resume`"
REMEDY = "free some space there, then continue with `bootmatrix run --resume`: nothing that was recorded is lost"


def told_in(text: str) -> str:
    """The words of a program that met a full disk; empty if it did not. Engines write them without capitals."""
    return next((words for words in WORDS if words.casefold() in text.casefold()), "")


def is_full(error: OSError) -> bool:
    return error.errno in FULL


def full(file: Path | str, error: OSError, remedy: str = "") -> Fatal:
    """What to say where a file cannot be written since its disk is full, or for another reason of the disk's."""
    remedy = remedy or (REMEDY if is_full(error) else AGAIN)
    what = f"{file} cannot be written: {error.strerror or error}"
    if is_full(error) and (disk := of(Path(file))):
        what = f"{what} (the disk mounted at {disk})"
    return Fatal(Problem(what, remedy=remedy))


def room(found: os.statvfs_result) -> int:
    """The bytes that a disk has for what can be done without, beside what is left to all else; negative if none."""
    return found.f_bavail * found.f_frsize - min(RESERVE, int(found.f_blocks * found.f_frsize * SHARE))


def of(file: Path) -> str:
    """Where the disk of a file, or of the folder that it would be in, is mounted, and what it has left."""
    place = file.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        free = os.statvfs(place)
        while not place.is_mount():
            place = place.parent
    except OSError:
        return ""
    return f"{place}, {human_size(free.f_bavail * free.f_frsize)} free"
