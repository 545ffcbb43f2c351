"""The head of an answer by HTTP/1.1 (RFC 9112): its status and headers, whole or not at all.

http.client takes what the connection's end has cut off, and leaves out all headers after one that it cannot read; h11
looks at no line before the empty one has come: that a server of another protocol, which greets and waits, is none would
be known only when the time is over.
"""

from __future__ import annotations

import http.client
import re
from typing import TYPE_CHECKING, NamedTuple

from bootmatrix import texts

if TYPE_CHECKING:
    import io

LINE, HEADERS = 1 << 16, 100  # bytes of a line, and lines after the first
STATUS = re.compile(rb"HTTP/1\.[0-9][ \t]+([1-9][0-9]{2})(?:[ \t]+([^\r\n\0]*))?\r?\n")
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)\r?\n")
MORE = re.compile(rb"[ \t]([^\r\n\0]*)\r?\n")  # of the header before
END = (b"\r\n", b"\n")
SWITCHING, LAST_INTERIM = 101, 199


class Head(NamedTuple):
    status: int
    reason: str
    headers: http.client.HTTPMessage


def read(reader: io.BufferedReader) -> Head:
    """That of the answer, after those that only say that it will come. Raises ValueError where it is not HTTP."""
    while True:
        found = _one(reader)
        if found.status > LAST_INTERIM or found.status == SWITCHING:
            return found


def _one(reader: io.BufferedReader) -> Head:
    line = reader.readline(LINE)
    if not line:
        raise ValueError("the connection was closed without an answer")
    if not (found := STATUS.fullmatch(line)):
        raise ValueError(f"'{_shown(line)}' is no status line")
    return Head(int(found[1]), _text(found[2] or b""), _headers(reader))


def _headers(reader: io.BufferedReader) -> http.client.HTTPMessage:
    given: list[tuple[bytes, list[bytes]]] = []
    for _ in range(HEADERS + 1):
        line = reader.readline(LINE)
        if line in END:
            return _made(given)
        if found := HEADER.fullmatch(line):
            given.append((found[1], [found[2]]))
        elif (found := MORE.fullmatch(line)) and given:
            given[-1][1].append(found[1])
        elif line.endswith(b"\n") or len(line) == LINE:
            raise ValueError(f"'{_shown(line)}' is no header")
        else:
            raise ValueError("the headers ended too early")
    raise ValueError(f"got more than {HEADERS} headers")


def _made(given: list[tuple[bytes, list[bytes]]]) -> http.client.HTTPMessage:
    headers = http.client.HTTPMessage()
    for name, parts in given:
        headers[name.decode("ascii")] = " ".join(_text(part) for part in parts)
    return headers


def _text(data: bytes) -> str:
    return data.decode("latin-1").strip(" \t")


def _shown(line: bytes) -> str:
    return texts.line(line.decode("latin-1").rstrip("\r\n"), 80)
