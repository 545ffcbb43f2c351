"""Copies of a repository's files for boots whose user may not read them: where umask is 077, only their owner may.

The user's file stays as it is. A copy lies in the cache by its content, in a folder that no other user of this host may
enter, so that `repro` finds it, too; the engine hands in the file alone. `gc` frees it.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import disk, files, host, keys, uses
from bootmatrix.errors import Problem, UserError
from bootmatrix.places import disks, own

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.places.disks import Disk

KIND = "file"  # of what is kept, for `gc`


def _folder() -> Path:
    return host.cache() / f"{KIND}s"


def kept_of(boot: str) -> Path:
    """Where `keep` has the files of a boot, by its id."""
    return _folder() / keys.of("boot", boot)


def keep(boot: str, own_files: Mapping[str, bytes], own_disks: Mapping[str, Disk]) -> None:
    """Keep the files that a boot has of its own, and `disks.beside` them its disks, for those who repeat it by hand, in
    the place of what was kept before.

    Raises UserError for names that are none, Fatal if they cannot be written.
    """
    target = kept_of(boot)
    if own_files:
        _make_room(target, f"files of {boot}")
        own.lay(target, own_files)
    if own_disks:
        beside = Path(disks.beside(str(target)))
        _make_room(beside, f"disks of {boot}")
        disks.make(beside, disks.OPEN)
        disks.lay(beside, own_disks)


def _make_room(target: Path, label: str) -> None:
    uses.mark(KIND, target.name, label)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise disk.full(target, error) from None
    own.remove(target)


def readable(file: Path, root: Path) -> Path:
    """The file itself if everyone may read it, else a copy. It must be a file below `root`, wherever links lead.

    Raises UserError if we may not read it either, Fatal if the copy cannot be written.
    """
    if file.stat().st_mode & stat.S_IROTH:
        return file
    try:
        with files.opened(file, root) as stream:
            key = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        remedy = "make it readable for this user (chmod, chown)"
        raise UserError(Problem(f"{file} cannot be read: {error.strerror}", remedy=remedy)) from None
    kept = _folder()
    target = kept / key / file.name
    try:
        uses.mark(KIND, key, str(file))
        if not target.is_file():
            kept.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.parent.mkdir(exist_ok=True)
            files.copy(file, target, below=root)
            target.chmod(0o444)
    except OSError as error:
        raise disk.full(target, error) from None
    return target
