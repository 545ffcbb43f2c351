"""What a guest sends after the end of its answer, where nothing may come: browsers would cut it off, and caches take it
for the next answer.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.checks import body
from bootmatrix.checks.check import Failed, Late
from bootmatrix.checks.ends import Ended
from bootmatrix.quantities import how_many, human_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.checks.head import Head
    from bootmatrix.checks.link import Reader

GRACE = 0.05  # seconds that a guest has for closing the connection, as it was asked to
MOST = 1 << 20  # bytes that are counted
SHOWN = 60  # bytes of them, and characters in the message


def told(
    found: Head, reader: Reader, method: str, url: object, seconds: float, clock: Callable[[], float]
) -> tuple[str, bool]:
    """A sentence of what comes within so many seconds, empty if nothing does, and whether the guest has closed the
    connection then. Without any seconds only what is here already is looked at.
    """
    if not body.has_end(found, method):
        return "", True
    first, count, until = b"", 0, clock() + seconds
    with contextlib.suppress(Late, Ended, Failed):  # the answer was whole before
        while count <= MOST and (piece := reader.more(max(0.0, until - clock()))):
            first, count = first or piece[:SHOWN], count + len(piece)
    if not count:
        return "", reader.is_over
    many = f"more than {human_size(MOST)}" if count > MOST else how_many(count, "byte")
    shown = texts.line(repr(first.decode("latin-1")), SHOWN)
    return f"{url} sent {many} after {_whole(found, method)}: {shown}", reader.is_over


def _whole(found: Head, method: str) -> str:
    if body.has_none(found, method):
        return f"an answer {'to HEAD' if method == 'HEAD' else f'with status {found.status}'}, which has no body"
    if body.is_chunked(found):
        return "the last chunk of its body"
    return f"the {how_many(body.length(found) or 0, 'byte')} of its Content-Length"
