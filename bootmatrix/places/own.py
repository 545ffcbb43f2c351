"""Files that a job gets of its own: in a folder that no other job sees, never written to through a link, and gone with
the job.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from bootmatrix import disk, files
from bootmatrix.errors import InfrastructureError, Problem, UserError, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NAME = "own"  # of the folder, beside the pipes through which a container is spoken to
LONGEST = 255  # bytes of a name: NAME_MAX of Linux' file systems
READ_ONLY, REMOVABLE = 0o555, 0o700


def lay(folder: Path, own: Mapping[str, bytes]) -> None:
    """Make the folder, which must not be there, with these files; who may enter what is above it may read them.

    Raises UserError for a name that is no file's, InfrastructureError if something is there, Fatal if the disk takes no
    more.
    """
    check(own)
    try:
        folder.mkdir(mode=REMOVABLE)
        at = os.open(folder, files.FOLDER)
        try:
            for name, content in own.items():
                _write(os.open(name, os.O_WRONLY | files.NEW, dir_fd=at), content)
            os.fchmod(at, READ_ONLY)
        finally:
            os.close(at)
    except FileExistsError as error:
        raise InfrastructureError(f"{error.filename} exists already, where the boot's own files are to go") from None
    except OSError as error:
        raise disk.full(folder, error) from None


def _write(descriptor: int, content: bytes) -> None:
    with open(descriptor, "wb") as stream:  # a descriptor
        stream.write(content)
        os.fchmod(descriptor, READ_ONLY & ~0o111)


def check(names: Iterable[str]) -> None:
    """Raises UserError for a name that is no file's."""
    for name in names:
        _check(name)


def _check(name: str) -> None:
    """A plain name of a file in that folder, which can be told, too."""
    try:
        fits = 0 < len(name.encode()) <= LONGEST
    except UnicodeEncodeError:
        fits = False
    if not fits or name in {".", ".."} or "/" in name or not name.isprintable():
        what = f"the runner names a file for the boot '{printable(name)}', which is not a valid file name"
        raise UserError(Problem(what, remedy=f"give it at most {LONGEST} bytes, without / and control characters"))


def remove(folder: Path) -> bool:
    """Remove it with all that is in it, whatever it is by now; whether it is gone."""
    try:
        with contextlib.suppress(OSError):  # a link or a file, or nothing
            at = os.open(folder, files.FOLDER)
            os.fchmod(at, REMOVABLE)
            os.close(at)
        files.remove(folder)
    except OSError:
        return False
    return True
