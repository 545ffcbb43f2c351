"""A tar archive from a host that anybody may have made: read strictly, in bounded memory, into a folder of our own.

Python's `tarfile` believes the sizes that an archive tells of its headers, and holds them in memory. Here nothing is
followed: links are made last, devices and sockets never, and a name that leads out is an error.

Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar's types L and K.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLOCK, CHUNK = 512, 1 << 18
NAMES = 1 << 16  # bytes of a header that holds names
LARGEST, MOST = 16 << 30, 1_000_000  # bytes and entries of a whole archive
FILES, LINK, NAMED_LINK, FOLDER, FIFO = (b"0", b"\0", b"7"), b"1", b"2", b"5", b"6"
LONG_NAME, LONG_LINK, EXTENDED, GLOBAL = b"L", b"K", b"x", b"g"
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
RECORD = re.compile(rb"([0-9]{1,6}) ([^=]{1,256})=")


class Refused(Exception):
    """The archive is none, or one that would do harm; the text says why."""


@dataclass
class _Entry:
    kind: bytes
    name: bytes
    link: bytes
    size: int
    mode: int


@dataclass
class _Reader:
    """`read` gives so many bytes, fewer at the end alone."""

    read: Callable[[int], bytes]
    target: Path
    links: list[tuple[Path, bytes]] = field(default_factory=list)
    long: dict[str, bytes] = field(default_factory=dict)
    left: int = LARGEST

    def take(self) -> None:
        for _ in range(MOST):
            header = self._exactly(BLOCK)
            if not header.strip(b"\0"):
                self._make_links()
                return
            self._one(_entry(header))
        raise Refused(f"it has more than {MOST:,} entries")

    def _one(self, entry: _Entry) -> None:
        if entry.kind in {LONG_NAME, LONG_LINK, EXTENDED, GLOBAL}:
            self._header(entry.kind, self._names(entry.size))
            return
        long, self.long = self.long, {}
        path = self._path(long.get("path", entry.name))
        size = _decimal(long["size"]) if "size" in long else entry.size
        if any(key.startswith("GNU.sparse") for key in long) or entry.kind == b"S":
            raise Refused("it has files with holes, in a form that is not read here")
        if entry.kind in FILES:
            self._file(path, size, entry.mode)
        elif entry.kind == FOLDER:
            path.mkdir(parents=True, exist_ok=True)
        elif entry.kind == NAMED_LINK:
            self.links.append((path, long.get("linkpath", entry.link)))
        elif entry.kind == LINK:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(self._path(long.get("linkpath", entry.link)), path, follow_symlinks=False)
        elif entry.kind == FIFO:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.mkfifo(path)
        if entry.kind not in FILES:
            self._skip(size)

    def _header(self, kind: bytes, content: bytes) -> None:
        """What it says of the next entry."""
        if kind == LONG_NAME:
            self.long["path"] = content.rstrip(b"\0")
        elif kind == LONG_LINK:
            self.long["linkpath"] = content.rstrip(b"\0")
        elif kind == EXTENDED:
            self.long.update(_records(content))

    def _path(self, name: bytes) -> Path:
        parts = [part for part in name.split(b"/") if part not in {b"", b"."}]
        if b".." in parts or name.startswith(b"/") or b"\0" in name:
            raise Refused(f"an entry leads out of it: {os.fsdecode(name[:200])}")
        return self.target.joinpath(*map(os.fsdecode, parts))

    def _file(self, path: Path, size: int, mode: int) -> None:
        if size > self.left:
            raise Refused(f"it has more than {LARGEST >> 30} GiB")
        self.left -= size
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, NEW, 0o755 if mode & 0o111 else 0o644), "wb") as stream:  # noqa: PTH123
            left = size
            while left:
                chunk = self._exactly(min(CHUNK, left))
                stream.write(chunk)
                left -= len(chunk)
        self._exactly(-size % BLOCK)

    def _make_links(self) -> None:
        """When no file is written any more: so none is written through one."""
        for path, leads in self.links:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(os.fsdecode(leads))

    def _names(self, size: int) -> bytes:
        if size > NAMES:
            raise Refused("a name in it is too long")
        content = self._exactly(size)
        self._exactly(-size % BLOCK)
        return content

    def _skip(self, size: int) -> None:
        if size:
            raise Refused("an entry that is no file has a content")

    def _exactly(self, size: int) -> bytes:
        found = self.read(size) if size else b""
        if len(found) < size:
            raise EOFError
        return found


def take(read: Callable[[int], bytes], target: Path) -> None:
    """Lay out an archive below the folder `target`, which is empty.

    Raises Refused, EOFError where it ends too early, OSError where a file cannot be made.
    """
    _Reader(read, target).take()


def _entry(header: bytes) -> _Entry:
    told = _number(header[148:156])
    if told != sum(header[:148]) + sum(header[156:]) + 8 * ord(" "):
        raise Refused("it is not a tar archive")
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    kind, link = header[156:157], header[157:257].partition(b"\0")[0]
    if kind in FILES and name.endswith(b"/"):
        kind = FOLDER
    size = 0 if kind in {LINK, NAMED_LINK, FOLDER, FIFO} else _number(header[124:136])
    return _Entry(kind, prefix + b"/" + name if prefix else name, link, size, _number(header[100:108]))


def _number(raw: bytes) -> int:
    """Octal digits; or of GNU tar a binary number, whose first byte says so."""
    if raw[:1] == b"\x80":
        return int.from_bytes(raw[1:], "big")
    try:
        return int(raw.strip(b" \0") or b"0", 8)
    except ValueError:
        raise Refused("it is not a tar archive") from None


def _decimal(raw: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,18}", raw):
        raise Refused("it is not a tar archive")
    return int(raw)


def _records(content: bytes) -> dict[str, bytes]:
    """`LENGTH KEY=VALUE` and a line end, each; the length is that of all of it."""
    found: dict[str, bytes] = {}
    while content:
        matched = RECORD.match(content)
        if not matched or not matched.end() < int(matched[1]) <= len(content):
            raise Refused("it is not a tar archive")
        whole, content = content[: int(matched[1])], content[int(matched[1]) :]
        found[os.fsdecode(matched[2])] = whole[matched.end() : -1]
    return found
