"""Content keys: the same inputs give the same key, and any change another."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import host
from bootmatrix.errors import Problem, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

LENGTH = 16
SPECIAL = {stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
GIT = ("git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false")  # which a repository's config makes a program


def of(*parts: object) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()[:LENGTH]


def of_files(folder: Path, files: Iterable[str]) -> str:
    """The files' names, modes (executable or not), and contents; a link counts by where it points."""
    digest = hashlib.sha256()
    for name in sorted(files):
        path = folder / name
        if path.is_symlink():
            kind, content = "link", os.fsencode(path.readlink())
        else:
            kind, content = ("x" if os.access(path, os.X_OK) else "-"), path.read_bytes()
        digest.update(f"{kind} {name} {len(content)}\n".encode("utf-8", "surrogateescape") + content)
    return digest.hexdigest()[:LENGTH]


def source_files(folder: Path, without: Path | None = None) -> list[str]:
    """The files of a source folder, relative to it: git's own and the untracked ones that it does not ignore.

    Outside a git checkout, every file; `.git`, folders with a CACHEDIR.TAG and the file `without` never.
    """
    listed = _from_git(folder)
    names = set(listed or _walk(folder))  # git lists nothing of a folder that it ignores itself, such as a .venv
    return sorted(name for name in names if folder / name != without)


def _from_git(folder: Path) -> list[str] | None:
    """None where git does not answer for the folder; the files of submodules are among them.

    A hostile index may have names that lead out of it, by `..` or below a link: these are no files of the folder.
    """
    if not _has_git():
        return None
    words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    command = [*GIT, "-C", str(folder), *words]
    listed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if listed.returncode:
        return None
    found = []
    real = functools.cache(os.path.realpath)
    here = real(folder)
    for name in (os.fsdecode(raw) for raw in listed.stdout.split(b"\0") if raw):
        path = folder / name
        base = os.path.dirname(name)  # noqa: PTH120
        if ".." in name.split("/") or (base and real(f"{here}/{base}") != f"{here}/{base}"):
            continue
        if path.is_dir() and not path.is_symlink():
            found += [os.path.join(name, inner) for inner in source_files(path)]  # noqa: PTH118  # names, not paths
        elif path.is_symlink() or path.is_file():
            found.append(name)
    return found


def _walk(folder: Path) -> Iterable[str]:
    for base, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if not _is_apart(Path(base) / f)]
        links = [f for f in folders if (Path(base) / f).is_symlink()]
        for name in [*files, *links]:
            path = Path(base) / name
            if path.is_symlink() or path.is_file():
                yield os.path.relpath(path, folder)


def _is_apart(folder: Path) -> bool:
    """Whether it is git's, our own, or can be made again."""
    return folder.name in {".git", ".bootmatrix"} or (folder / host.CACHE_TAG).exists()


@functools.cache
def _has_git() -> bool:
    return shutil.which("git") is not None


def of_programs(names: Iterable[str]) -> str:
    """Programs of this host, by where they are found and by their files' sizes and times."""
    states = []
    for name in sorted(names):
        path = shutil.which(name)
        found = os.stat(path) if path else None  # noqa: PTH116  # links are followed
        states.append((name, path, found and (found.st_size, found.st_mtime_ns)))
    return of(states)


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
                what = (
                    f"the prefix {prefix} holds a {special}, {base}/{name}: whoever sees it reaches what is behind it"
                )
                raise UserError(Problem(what, remedy="name a narrower folder, or move it out of this one"))
            entries.append((base, name, found.st_size, found.st_mtime_ns))
    return of(sorted(entries))
