"""What a job on a host over SSH needs is copied there: in the form of a tar archive that every `tar` can read."""

from __future__ import annotations

import os
import select
import shlex
import tarfile
import time
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.places.remote import ssh

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bootmatrix.places.remote.connection import Connection

STALLED, LONGEST = 120.0, 3600.0  # seconds in which nothing is taken, or comes; and for all of a copy
CHUNK = 1 << 18
SAID = 1 << 16  # bytes of complaints that are kept
# Some `tar` do not say that the disk is full, but `dd` does
TAKE = """umask 022
[ -e {root}/guard ] && mkdir -p {there} && cd {there} && tar -xf - && exec cat >/dev/null
status=$?
dd if=/dev/zero of=.room bs=1024 count=64 2>&1 | grep -i -e space -e quota >&2
exit $status"""


def give(connection: Connection, there: str, entries: Iterable[tuple[str, Path | bytes | int]]) -> None:
    """Make files, folders and links by their names below the folder `there`, each as it is on this host, of a content,
    or of an open descriptor's; InfrastructureError if that fails.
    """
    with connection.session(TAKE.format(root=connection.root, there=shlex.quote(there))) as child:
        assert child.stdin is not None  # noqa: S101
        os.set_blocking(child.stdin.fileno(), False)
        until = time.monotonic() + LONGEST
        try:
            for part in _packed(entries):
                _send(connection, child, part, until)
            child.stdin.close()
        except BrokenPipeError:
            pass  # it says why
        said = _said(connection, child)
        if child.wait() != 0:
            raise failed(connection, child.returncode, f"nothing can be copied to {connection.remote.name}", said)


def of_folder(folder: Path) -> Iterator[tuple[str, Path]]:
    """All that is in it, by its name in there; folders come before what is in them."""
    for base, folders, names in os.walk(folder):
        for name in sorted([*folders, *names]):
            path = folder.__class__(base, name)
            yield os.path.relpath(path, folder), path


def _packed(entries: Iterable[tuple[str, Path | bytes | int]]) -> Iterator[bytes]:
    for name, source in entries:
        info = tarfile.TarInfo(name)
        if isinstance(source, int):
            info.size, info.mode = os.fstat(source).st_size, 0o644
            yield _header(info)
            yield from _content(source, info.size)
            continue
        if isinstance(source, bytes):
            info.size, info.mode = len(source), 0o444
            yield _header(info)
            yield source + bytes(-len(source) % tarfile.BLOCKSIZE)
            continue
        state = os.lstat(source)
        info.mode, info.mtime = (state.st_mode & 0o777) | 0o600, int(state.st_mtime)
        if source.is_symlink():
            info.type, info.linkname = tarfile.SYMTYPE, str(source.readlink())
            yield _header(info)
        elif source.is_dir():
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            yield _header(info)
        elif source.is_file():
            info.size = state.st_size
            yield _header(info)
            with source.open("rb") as stream:
                yield from _content(stream.fileno(), info.size)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(info: tarfile.TarInfo) -> bytes:
    """In the form that every `tar` reads; a name that does not fit there in GNU's, which all but the oldest read."""
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", ssh.ERRORS)
    except ValueError:
        return info.tobuf(tarfile.GNU_FORMAT, "utf-8", ssh.ERRORS)


def _content(descriptor: int, size: int) -> Iterator[bytes]:
    """So many bytes, whatever becomes of the file meanwhile."""
    at = 0
    while at < size:
        wanted = min(CHUNK, size - at)
        chunk = os.pread(descriptor, wanted, at) or bytes(wanted)
        at += len(chunk)
        yield chunk
    yield bytes(-size % tarfile.BLOCKSIZE)


def _send(connection: Connection, child: subprocess.Popen[bytes], data: bytes, until: float) -> None:
    assert child.stdin is not None  # noqa: S101
    view, descriptor = memoryview(data), child.stdin.fileno()
    while view:
        if not ssh.ready([descriptor], min(STALLED, until - time.monotonic()), select.POLLOUT):
            raise stalled(connection)
        view = view[os.write(descriptor, view) :]


def _said(connection: Connection, child: subprocess.Popen[bytes]) -> str:
    """Its complaints, until it has no more."""
    assert child.stderr is not None  # noqa: S101
    said, descriptor = b"", child.stderr.fileno()
    while True:
        if not ssh.ready([descriptor], STALLED):
            raise stalled(connection)
        chunk = os.read(descriptor, CHUNK)
        if not chunk:
            return said.decode("utf-8", "replace")
        said = (said + chunk)[-SAID:]


def stalled(connection: Connection) -> InfrastructureError:
    what = f"{connection.remote.name} takes and sends nothing for {STALLED:.0f} s, or too little in an hour"
    return InfrastructureError(Problem(what, remedy="look at its disk and its network"))


def failed(connection: Connection, status: int, what: str, said: str) -> InfrastructureError:
    if status in {ssh.LOST, -9} or connection.lost:
        return connection.trouble(said)
    return ssh.trouble(connection.remote, what, said)
