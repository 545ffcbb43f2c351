"""Logs of builds: a file that people can follow while it grows, bounded, and its last lines for messages."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, BinaryIO, Self

from bootmatrix import culprit, files, here, texts
from bootmatrix.errors import InfrastructureError, printable
from bootmatrix.program import unexpected

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 64 << 20  # bytes of a log that are kept, and its last ones
LAST_LINES, LONGEST = 25, 400  # lines, and characters of a line, that are looked at
TOLD_LINES = 10  # that a message shows
END = 64 << 10  # bytes at a log's end among which the last lines are


class Log:
    """The log `file`, made anew. Raises InfrastructureError where it cannot be written: Fatal if the disk is full."""

    def __init__(self, file: Path, limit: int = LIMIT) -> None:
        self.file, self._left = file, limit
        self._end = texts.Record(0)  # the last bytes
        self._beyond = texts.Record(0)  # the last of those that are not in the file
        self._lock = threading.Lock()
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._stream = files.created(self.file)
        except OSError as error:
            raise _unwritten(self.file, error) from None
        return self

    def __exit__(self, *_: object) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        try:
            with stream:
                stream.write(self._beyond.raw().removeprefix(b"\n") if self._beyond.total else b"")
        except OSError as error:
            raise _unwritten(self.file, error) from None

    def add(self, raw: bytes) -> None:
        self._end.add(raw)
        kept, beyond = raw[: self._left], raw[self._left :]
        self._left -= len(kept)
        if beyond:
            self._beyond.add(beyond)
        try:
            while self._stream and kept:
                kept = kept[self._stream.write(kept) :]  # a disk that is nearly full takes a part
        except OSError as error:
            raise _unwritten(self.file, error) from None

    def told(self) -> str:
        """For a message: where it is, and its last lines."""
        return "\n    ".join([f"the last lines of {here.near(self.file)}:", *self.last()[-TOLD_LINES:]])

    def error(self) -> tuple[str, str]:
        """The first line that tells of an error, and for a message those around it; where none does, the last ones."""
        if found := culprit.found(self.file):
            return found.line, "\n    ".join([f"{here.near(self.file)}, line {found.number:,}:", *found.around])
        return next(iter(self.last()[-1:]), ""), self.told()

    def last(self) -> list[str]:
        return lines(bytes(self._end.last))


def _unwritten(file: Path, error: OSError) -> InfrastructureError:
    return unexpected.of_file(OSError(error.errno, error.strerror, str(file)))


def lines(raw: bytes, count: int = LAST_LINES) -> list[str]:
    """The last lines of what a program printed, without control characters and none too long."""
    text = texts.clean(raw[-END:]).rstrip()
    return [printable(line.expandtabs(), LONGEST) for line in text.splitlines()[-count:]]


def last_of(file: Path, count: int = LAST_LINES, below: Path | None = None) -> list[str]:
    """The last lines of a file, opened as `files.opened` does; none if it cannot be read."""
    try:
        with files.opened(file, below) as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - END))
            return lines(stream.read(END), count)
    except (OSError, ValueError):  # a NUL in its name
        return []
