"""`events.jsonl`: a line before and after each step, so that a run that was killed can be taken up where it was."""

from __future__ import annotations

import errno
import io
import json
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bootmatrix import files
from bootmatrix.errors import Fatal, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FILE = "events.jsonl"
SYNC_SECONDS = 1.0  # what a power cut may cost at the most: such tests are run again
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
REMEDY = "free some space, then `bootmatrix run --resume` goes on: what is written so far is whole"
RESULT = b', "result": '  # the last key of its line; within a text of JSON its quotes would be escaped


class Journal:
    """Appends whole lines or nothing; raises Fatal where the disk takes no more."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self._descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._size = max((entry.end for entry in read(folder)), default=0)
        os.ftruncate(self._descriptor, self._size)  # a torn line was never told
        os.lseek(self._descriptor, self._size, os.SEEK_SET)
        self._lock = threading.Lock()
        self._synced = time.monotonic()

    def close(self) -> None:
        os.close(self._descriptor)

    def event(self, kind: str, **details: Any) -> None:
        """One event; it is with the kernel when this returns, and soon on the disk."""
        self._append(_start(kind, details) + b"}\n")

    def result(self, kind: str, result: str, **details: Any) -> tuple[int, int]:
        """An event with a whole result, given as JSON; where that lies in the file: its offset and its length."""
        raw = result.encode("utf-8", "replace")
        start = _start(kind, details) + RESULT
        return self._append(start + raw + b"}\n") + len(start), len(raw)

    def _append(self, line: bytes) -> int:
        with self._lock:
            try:
                self._write(line)
                self._sync()
            except OSError as error:
                os.ftruncate(self._descriptor, self._size)
                os.lseek(self._descriptor, self._size, os.SEEK_SET)
                raise full(self.file, error) from None
            at, self._size = self._size, self._size + len(line)
        return at

    def _write(self, line: bytes) -> None:
        """A disk that is nearly full takes a part."""
        if os.write(self._descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _sync(self) -> None:
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            os.fdatasync(self._descriptor)
            self._synced = time.monotonic()


def full(file: Path, error: OSError) -> Fatal:
    """What to say where a file of the run cannot be written."""
    remedy = REMEDY if error.errno in FULL else "then `bootmatrix run --resume` goes on"
    return Fatal(Problem(f"{file} cannot be written: {error.strerror}", remedy=remedy))


def _start(kind: str, details: dict[str, Any]) -> bytes:
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": stamp, "monotonic": round(time.monotonic(), 4), "event": kind, **details})
    return line[:-1].encode()


@dataclass(frozen=True)
class Entry:
    """An event, and where its line ends; where the result that it may hold lies, and how long that is (0: none)."""

    event: dict[str, Any]
    end: int
    at: int = 0
    length: int = 0


def read(folder: Path) -> Iterator[Entry]:
    """Each whole event, up to the first that is not: a power cut leaves zeros or half a line at the end."""
    with io.BufferedReader(files.opened(folder / FILE, below=folder), 1 << 18) as stream:  # type: ignore[type-var]
        yield from _entries(stream)


def _entries(stream: Iterable[bytes]) -> Iterator[Entry]:
    offset = 0
    for line in stream:
        head, found, raw = line.partition(RESULT)
        try:
            event = json.loads(head + b"}" if found else line)
        except ValueError:
            return
        if not line.endswith(b"}}\n" if raw.startswith(b"{") else b"\n") or b"\0" in line:
            return  # a result is not read here, only seen to be whole
        offset += len(line)
        at = offset - len(raw)
        yield Entry(event, offset, at, len(raw) - 2) if found else Entry(event, offset)
