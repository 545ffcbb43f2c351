"""The body of an answer by HTTP/1.1 (RFC 9112), piece by piece: what a guest says of its length is not believed.

http.client takes what is nearly right, and of a chunk of -1 bytes all that ever comes; h11 takes a length beside
chunks, and no chunk whose lines are ended by a newline alone.
"""

from __future__ import annotations

import http.client
import re
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.checks.head import SWITCHING
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from bootmatrix.checks.head import Head

PIECE = 1 << 16  # bytes
LINE = 1 << 10  # bytes of the line before a chunk, or of one after the last
TRAILERS = 100
SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?\r?\n", re.DOTALL)
LENGTH = re.compile(r"[0-9]{1,18}")
WITHOUT = frozenset({SWITCHING, 204, 304})  # statuses that have none


def pieces(head: Head, reader: io.BufferedReader, method: str) -> Iterator[bytes]:
    """Those of the answer to such a request, behind its head. Raises ValueError where it is not HTTP, IncompleteRead
    with what is missing where it ends too early.
    """
    chunked, size = is_chunked(head), length(head)
    if has_none(head, method):
        return
    if chunked:
        yield from _chunks(reader)
    else:
        yield from _until_the_end(reader) if size is None else _exactly(reader, size)


def has_none(head: Head, method: str) -> bool:
    return method == "HEAD" or head.status in WITHOUT


def has_end(head: Head, method: str) -> bool:
    """Whether its end is told before the connection's, after which nothing comes but another protocol."""
    return head.status != SWITCHING and (has_none(head, method) or is_chunked(head) or length(head) is not None)


def is_chunked(head: Head) -> bool:
    """Raises ValueError where it is coded in a way that cannot be read, or has a length as well."""
    given = head.headers.get_all("Transfer-Encoding") or []
    if not given or [each.lower() for each in given] == ["identity"]:  # which only old servers say
        return False
    if [each.lower() for each in given] != ["chunked"]:
        raise ValueError(f"its Transfer-Encoding is '{texts.line(', '.join(given), 80)}'")
    if "Content-Length" in head.headers:
        raise ValueError("it has both a Transfer-Encoding and a Content-Length")
    return True


def length(head: Head) -> int | None:
    """None: all until the connection is closed."""
    given = set(head.headers.get_all("Content-Length") or ())
    if len(given) > 1 or not all(map(LENGTH.fullmatch, given)):
        raise ValueError(f"its Content-Length is '{texts.line(', '.join(sorted(given)), 80)}'")
    return int(given.pop()) if given else None


def _chunks(reader: io.BufferedReader) -> Iterator[bytes]:
    while size := _size(reader):
        yield from _exactly(reader, size)
        if (end := reader.readline(2)) not in {b"\r\n", b"\n"}:
            raise ValueError(f"after a chunk of {how_many(size, 'byte')} comes '{_shown(end)}'") if end else _early(2)
    for _ in range(TRAILERS):
        line = reader.readline(LINE)
        if line in {b"\r\n", b"\n", b""}:
            return
    raise ValueError(f"got more than {TRAILERS} trailers")


def _size(reader: io.BufferedReader) -> int:
    line = reader.readline(LINE)
    if not line:
        raise _early(1)
    if not (found := SIZE.fullmatch(line)):
        raise ValueError(f"'{_shown(line)}' is not the size of a chunk")
    return int(found[1], 16)


def _exactly(reader: io.BufferedReader, size: int) -> Iterator[bytes]:
    left = size
    while left:
        if not (piece := reader.read(min(left, PIECE))):
            raise _early(left)
        left -= len(piece)
        yield piece


def _until_the_end(reader: io.BufferedReader) -> Iterator[bytes]:
    while piece := reader.read(PIECE):
        yield piece


def _early(missing: int) -> http.client.IncompleteRead:
    return http.client.IncompleteRead(b"", missing)


def _shown(line: bytes) -> str:
    return texts.line(line.decode("latin-1").rstrip("\r\n"), 40)
