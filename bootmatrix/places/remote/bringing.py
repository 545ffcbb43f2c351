"""What a job on a host over SSH has made is brought here: whatever that is, it lands in its folder or is refused."""

from __future__ import annotations

import errno
import os
import shlex
import time
from typing import TYPE_CHECKING

from bootmatrix import disk, files
from bootmatrix.errors import Problem, UserError, printable
from bootmatrix.places.remote import archive, giving, ssh

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from bootmatrix.places.remote.connection import Connection

ABSENT, OUTSIDE = 44, 45
# What is no file is named, and not packed: some `tar` fail at a socket. An owner may look into his own folders.
BRING = """cd {there} 2>/dev/null || exit 44
base=$(cd {base} && pwd -P) && case $(pwd -P)/ in "$base"/*) ;; *) exit 45 ;; esac
chmod -R u+rwX . 2>/dev/null
find . -type s -exec rm -f {{}} \\;
exec tar {flags} -cf - ."""


def bring(connection: Connection, there: str, base: str, target: Path, what: str) -> bool:
    """Bring what is in the folder `there` into `target`, which is empty; whether there is such a folder. It must lie
    in `base`, wherever links lead.

    Raises UserError for what cannot be taken, InfrastructureError, Fatal if this host's disk is full.
    """
    script = BRING.format(there=shlex.quote(there), base=shlex.quote(base), flags=connection.flags)
    told = f"{what} cannot be taken from {connection.remote.name}"
    with connection.session(script) as child:
        stream = _Stream(connection, child)
        whole = _taken(stream, target, told)
        stream.to_the_end()
        status = child.wait()
    if status == OUTSIDE:
        raise UserError(Problem(f"{told}: its folder is a link that leads out of the copy of the source"))
    if status not in {0, ABSENT} or not (whole or status):
        raise giving.failed(connection, status, told, stream.said)
    return status == 0


def _taken(stream: _Stream, target: Path, told: str) -> bool:
    """Whether it came to its end."""
    try:
        archive.take(stream.read, target)
    except EOFError:
        return False
    except archive.Refused as refused:
        remedy = "it may leave only files, folders and links that their owner can read"
        raise UserError(Problem(f"{told}: {refused}", remedy=remedy)) from None
    except OSError as error:
        if disk.is_full(error):
            raise disk.full(target, error) from None
        where = printable(f"{error.strerror} ({error.filename})")
        raise UserError(Problem(f"{told}: {where}", remedy="leave fewer folders in folders, each name once")) from None
    return True


def bring_file(connection: Connection, there: str, target: Path, largest: int) -> None:
    """Bring a plain file, its zeros as holes. OSError if it is none, or larger than so many bytes; InfrastructureError
    if the connection is lost.
    """
    quoted = shlex.quote(there)
    with connection.session(f"[ -f {quoted} ] && [ ! -h {quoted} ] || exit {ABSENT}\nexec cat {quoted}") as child:
        stream, size = _Stream(connection, child), 0
        with files.created(target, 0o600) as made:
            while chunk := stream.read(giving.CHUNK):
                size += len(chunk)
                if size > largest:
                    raise OSError(errno.EFBIG, "it is larger than before the boot", target.name)
                if chunk.count(0) == len(chunk):
                    made.seek(len(chunk), os.SEEK_CUR)
                else:
                    ssh.written(made.fileno(), chunk)
            made.truncate(size)
        stream.to_the_end()
        status = child.wait()
    if status == ABSENT:
        target.unlink()
        raise OSError(errno.EINVAL, "it is not a regular file any more", target.name)
    if status:
        target.unlink()
        raise giving.failed(connection, status, f"a disk cannot be copied from {connection.remote.name}", stream.said)


class _Stream:
    """What a session prints, read in pieces; its complaints beside it."""

    def __init__(self, connection: Connection, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None  # noqa: S101
        assert child.stderr is not None  # noqa: S101
        self.connection = connection
        self._output, self._complaints = child.stdout.fileno(), child.stderr.fileno()
        self._until = time.monotonic() + giving.LONGEST
        self._open, self._buffer, self._raw = {self._output, self._complaints}, bytearray(), b""

    @property
    def said(self) -> str:
        return self._raw.decode("utf-8", "replace")

    def read(self, size: int) -> bytes:
        while len(self._buffer) < size and self._output in self._open:
            self._fill()
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found

    def to_the_end(self) -> None:
        """Read what is left, which is padding."""
        left = archive.LARGEST
        while self._open and left > 0:
            self._fill()
            left -= len(self._buffer)
            self._buffer.clear()

    def _fill(self) -> None:
        ready = ssh.ready(self._open, min(giving.STALLED, self._until - time.monotonic()))
        if not ready:
            raise giving.stalled(self.connection)
        for descriptor in ready:
            chunk = os.read(descriptor, giving.CHUNK)
            if not chunk:
                self._open.discard(descriptor)
            elif descriptor == self._output:
                self._buffer += chunk
            else:
                self._raw = (self._raw + chunk)[-giving.SAID :]
