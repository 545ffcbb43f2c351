"""What the page shows of a console: its start and its end, as the guest wrote them. The page makes them harmless."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

HEAD, TAIL = 4 << 10, 12 << 10  # bytes
SHOWN = HEAD + TAIL


def ends(folder: Path, name: str) -> dict[str, Any] | None:
    """`head` and `tail` of a file of the run, with how many bytes are `left` out between them; or an `error`.

    `folder` is the run's, resolved. None if the guest printed nothing: then there is no file.
    """
    if not name:
        return None
    try:
        file = (folder / name).resolve()
        if not file.is_relative_to(folder):
            return {"error": "it is no file of this run"}
        with file.open("rb") as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(0)
            if size <= SHOWN:
                return {"head": _text(opened.read(SHOWN)), "tail": "", "left": 0}
            head = opened.read(HEAD)
            opened.seek(size - TAIL)
            return {"head": _text(head), "tail": _text(opened.read(TAIL)), "left": size - SHOWN}
    except (OSError, ValueError) as error:
        return {"error": getattr(error, "strerror", None) or "its name is none"}


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
