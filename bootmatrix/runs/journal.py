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
from typing import TYPE_CHECKING, Any, BinaryIO

from bootmatrix import disk, files
from bootmatrix.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "events.jsonl"
LARGEST = 4 << 30  # bytes: a million results take some hundred MiB
SYNC_SECONDS = 1.0  # what a power cut may cost at the most: such tests are run again
LINE = 16 << 20  # bytes of a line; what is longer is none of ours
LONGEST = 1e12  # seconds of a clock
RESULT = b', "result": '  # the last key of its line; within a text of JSON its quotes would be escaped


class Journal:
    """Appends whole lines or nothing. OSError if its file is not ours alone, Fatal where the disk takes no more."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self._descriptor = files.continued(self.file)
        self._size = max((entry.end for entry in read(folder)), default=0)
        os.ftruncate(self._descriptor, self._size)  # a torn line was never told
        os.lseek(self._descriptor, self._size, os.SEEK_SET)
        self._lock = threading.Lock()
        self._synced = time.monotonic()
        self._writer = 0  # the only thread that may still write; 0: any

    def freeze(self) -> None:
        """From now on only this thread may write: others were given up, and may yet wake."""
        with self._lock:
            self._writer = threading.get_ident()

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
            if self._writer not in {0, threading.get_ident()}:
                raise Fatal("this was still in progress when the run was stopped")
            try:
                self._write(line)
                self._sync()
            except OSError as error:
                os.ftruncate(self._descriptor, self._size)
                os.lseek(self._descriptor, self._size, os.SEEK_SET)
                raise disk.full(self.file, error) from None
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


def _start(kind: str, details: dict[str, Any]) -> bytes:
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    thread = threading.current_thread().name  # which of them did it, for a timeline
    line = json.dumps(
        {"time": stamp, "monotonic": round(time.monotonic(), 4), "event": kind, "thread": thread, **details}
    )
    return line[:-1].encode()


@dataclass(frozen=True)
class Entry:
    """An event, and where its line ends; where the result that it may hold lies, and how long that is (0: none)."""

    event: dict[str, Any]
    end: int
    at: int = 0
    length: int = 0


class Damage:
    """How many lines before the last event are none: a disk or a hand has spoilt them."""

    lines = 0


def read(folder: Path, damage: Damage | None = None) -> Iterator[Entry]:
    """Each whole event. What is none is left out: a power cut leaves zeros or half a line at the end.

    An event is a mapping, its `event` and `time` are texts, and its `monotonic` is a number. OSError if the journal is
    no plain file in its folder, or too large for one of ours.
    """
    with io.BufferedReader(files.opened(folder / FILE, below=folder), 1 << 18) as stream:
        if os.fstat(stream.fileno()).st_size > LARGEST:
            raise OSError(errno.EFBIG, f"it is larger than {LARGEST:,} bytes", str(folder / FILE))
        yield from _entries(stream, damage or Damage())


def _entries(stream: BinaryIO, damage: Damage) -> Iterator[Entry]:
    offset, torn = 0, 0
    while line := stream.readline(LINE):
        offset += len(line)
        head, found, raw = line.partition(RESULT)
        event = _event(head + b"}" if found else line)
        if event is None or not _is_whole(line, raw):
            torn += 1
            continue
        damage.lines, torn = damage.lines + torn, 0
        yield Entry(event, offset, offset - len(raw), len(raw) - 2) if found else Entry(event, offset)


def _is_whole(line: bytes, result: bytes) -> bool:
    """A result is not read here, only seen to be whole."""
    return line.endswith(b"}}\n" if result.startswith(b"{") else b"\n") and b"\0" not in line


def _event(text: bytes) -> dict[str, Any] | None:
    try:
        event = DECODER.decode(text.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str) or not isinstance(event.get("time"), str):
        return None
    clock = event.get("monotonic")
    return event if isinstance(clock, int | float) and abs(clock) < LONGEST else None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


DECODER = json.JSONDecoder(parse_constant=_no_number)  # one for all lines: to make it takes longer than to use it
