"""What a disk holds when its boot has ended: read in pieces, without its holes, whatever a guest has written."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from bootmatrix import patterns, sparse
from bootmatrix.errors import InfrastructureError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from bootmatrix.matrix.keys.parts import Pattern

OVERLAP = 1 << 16  # bytes that a match may have at the most
INTERRUPTED = "the run was interrupted while the boot's disks were looked at"
ZEROS = bytes(sparse.PIECE)


def digest(descriptor: int, stop: threading.Event) -> str:
    """The SHA-256 of all that it holds, holes as zeros. Raises InfrastructureError if the run stops."""
    found, at, size = hashlib.sha256(), 0, os.fstat(descriptor).st_size
    for begin, end in (*sparse.extents(descriptor, size), (size, size)):
        while at < begin:
            _go_on(stop)
            count = min(begin - at, len(ZEROS))
            found.update(memoryview(ZEROS)[:count])
            at += count
        for piece in _pieces(descriptor, begin, end, stop):
            found.update(piece)
        at = end
    return found.hexdigest()


def missing(descriptor: int, wanted: Sequence[Pattern], stop: threading.Event) -> list[Pattern]:
    """The patterns that it never shows: a text by its bytes in UTF-8, an expression in what is read so, in pieces of
    1 MiB that overlap. Raises UserError for a search that takes too long, InfrastructureError if the run stops.
    """
    left = list(wanted)
    for begin, end in sparse.extents(descriptor, os.fstat(descriptor).st_size):
        window, at = b"", begin
        for piece in _pieces(descriptor, begin, end, stop):
            window, at = window[-OVERLAP:] + piece, at + len(piece)
            cut = (at - len(window) > begin, at < end)
            left = [pattern for pattern in left if not _shows(window, pattern, cut)]
            if not left:
                return []
    return left


def _shows(window: bytes, pattern: Pattern, cut: tuple[bool, bool]) -> bool:
    """`cut` says whether there is more before and after the window: a match at such an edge, which `^` and `$` may have
    taken for that of a line, counts only in the window that has the rest.
    """
    if pattern.text:
        return pattern.text.encode() in window
    text = window.decode("utf-8", "replace")
    low, high = (1 if cut[0] else 0), len(text) - (1 if cut[1] else 0)
    return any(low <= found.start() and found.end() <= high for found in patterns.every(pattern.regex, text))


def _pieces(descriptor: int, begin: int, end: int, stop: threading.Event) -> Iterator[bytes]:
    while begin < end:
        _go_on(stop)
        piece = os.pread(descriptor, min(end - begin, sparse.PIECE), begin)
        if not piece:
            return
        yield piece
        begin += len(piece)


def _go_on(stop: threading.Event) -> None:
    if stop.is_set():
        raise InfrastructureError(INTERRUPTED)
