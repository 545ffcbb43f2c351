"""Content keys: the same inputs give the same key, and any change another."""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import re
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootmatrix import git, host
from bootmatrix.errors import BootmatrixError, InfrastructureError, Problem, UserError
from bootmatrix.files import opened

if TYPE_CHECKING:
    from collections.abc import Iterable

LENGTH = 16
SPECIAL = {stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device", stat.S_IFIFO: "pipe"}
CHUNK = 1 << 20  # bytes that are read at once
# What is the matter with the file itself, and not with its disk.
THEIRS = frozenset({errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.ENOTDIR})
CLOSED = re.compile(r"^warning: could not open directory '(.*)': (.*)$", re.MULTILINE)  # git's words, in LC_ALL=C


def of(*parts: object) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()[:LENGTH]


def of_files(folder: Path, names: Iterable[str]) -> str:
    """The files' names, modes (executable or not), and contents; a link counts by where it points.

    Raises UserError if one of them cannot be read.
    """
    digest = hashlib.sha256()
    for name in sorted(names):
        try:
            _add(digest, folder / name, os.fsencode(name))
        except FileNotFoundError:
            continue  # removed meanwhile
        except OSError as error:
            raise unreadable(folder / name, error) from None
    return digest.hexdigest()[:LENGTH]


def _add(digest: Any, path: Path, name: bytes) -> None:
    if path.is_symlink():
        target = os.fsencode(path.readlink())
        digest.update(b"link %d %d\n%b%b" % (len(name), len(target), name, target))
        return
    with opened(path) as stream:
        kind = b"x" if os.access(path, os.X_OK) else b"-"
        digest.update(b"%b %d %d\n%b" % (kind, len(name), os.fstat(stream.fileno()).st_size, name))
        while chunk := stream.read(CHUNK):
            digest.update(chunk)


def unreadable(path: Path, error: OSError) -> BootmatrixError:
    """What to say of a part of a source that this user cannot read."""
    what = f"{path} cannot be read, and it belongs to the source of a build: {error.strerror or error}"
    if error.errno not in THEIRS:
        return InfrastructureError(Problem(what, remedy="look at its disk, then run this again"))
    ways = "make it readable for this user (chmod, chown), remove it, or add it to .gitignore"
    return UserError(Problem(what, remedy=f"{ways}: ignored files are not copied into builds"))


def source_files(folder: Path, without: Path | None = None) -> list[str]:
    """The files of a source folder, relative to it: git's own and the untracked ones that it does not ignore.

    Outside a git checkout, every file; `.git`, folders with a CACHEDIR.TAG and the file `without` never.
    Raises UserError if a folder cannot be read, InfrastructureError if git does not answer.
    """
    listed = _from_git(folder)
    names = set(listed or _walk(folder))  # git lists nothing of a folder that it ignores itself, such as a .venv
    return sorted(name for name in names if folder / name != without)


def _from_git(folder: Path) -> list[str] | None:
    """None where git does not answer for the folder; the files of repositories in it are among them.

    A hostile index may have names that lead out of it, by `..` or below a link: these are no files of the folder.
    """
    answer = git.ask(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if answer is None:
        return None
    if closed := CLOSED.search(answer.warned):
        raise unreadable(folder / closed[1], PermissionError(errno.EACCES, closed[2]))
    found = []
    real = functools.cache(os.path.realpath)
    here = real(folder)
    for name in (os.fsdecode(raw) for raw in answer.said.split(b"\0") if raw):
        path = folder / name
        base = os.path.dirname(name)  # noqa: PTH120
        if ".." in name.split("/") or (base and real(f"{here}/{base}") != f"{here}/{base}"):
            continue
        if not os.path.isdir(path) or os.path.islink(path):  # noqa: PTH112, PTH114  # Path's raise where they may not look
            found += [name] if _counts(path) else []
        elif os.path.lexists(path / ".git"):  # else it is a submodule that was not fetched
            found += [os.path.join(name, inner) for inner in source_files(path)]  # noqa: PTH118  # names, not paths
    return found


def _walk(folder: Path) -> Iterable[str]:
    for base, folders, names in os.walk(folder, onerror=_closed):
        folders[:] = [name for name in folders if not _is_apart(Path(base, name))]
        links = [name for name in folders if os.path.islink(f"{base}/{name}")]  # noqa: PTH114
        for name in [*names, *links]:
            if _counts(Path(base, name)):
                yield os.path.relpath(f"{base}/{name}", folder)


def _closed(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise unreadable(Path(os.fsdecode(error.filename)), error) from None


def _counts(path: Path) -> bool:
    """Whether it is a file or a link: a pipe, a socket or a device is no source. What is closed to us is told later."""
    try:
        return stat.S_IFMT(path.lstat().st_mode) in {stat.S_IFREG, stat.S_IFLNK}
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(path, error) from None


def _is_apart(folder: Path) -> bool:
    """Whether it is git's, our own, or can be made again."""
    return folder.name in {".git", ".bootmatrix"} or os.path.lexists(folder / host.CACHE_TAG)


def of_programs(names: Iterable[str]) -> str:
    """Programs of this host, by where they are found and by their files' sizes and times."""
    states = []
    for name in sorted(names):
        path = shutil.which(name)
        states.append((name, path, _state(path) if path else None))
    return of(states)


def _state(program: str) -> tuple[int, int] | None:
    try:
        found = os.stat(program)  # noqa: PTH116  # links are followed
    except OSError:  # removed meanwhile
        return None
    return found.st_size, found.st_mtime_ns


@functools.cache
def of_prefix(prefix: str) -> str:
    """A folder of this host by its files' names, sizes and times, since its contents may be gigabytes.

    Raises UserError if it holds what gives a container more than files: a socket or a device.
    """
    entries = []
    for base, folders, files in os.walk(prefix):
        folders.sort()
        for name in files:
            try:
                found = (Path(base) / name).lstat()
            except OSError:
                continue
            if special := SPECIAL.get(stat.S_IFMT(found.st_mode)):
                what = f"the prefix {prefix} contains a {special}, {base}/{name}: a guest that sees it could use it"
                raise UserError(Problem(what, remedy="name a narrower folder, or move it out of this one"))
            entries.append((base, name, found.st_size, found.st_mtime_ns))
    return of(sorted(entries))
