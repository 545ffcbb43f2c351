"""What the page shows of a console: its start and its end, as the guest wrote them. The page makes them harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _consoles  # noqa: TID252  # its absolute name is that of whatever root was loaded

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
        found = _consoles.ends(folder, name, HEAD, TAIL)
    except (OSError, ValueError) as error:
        return {"error": f"it {_consoles.why_not(error)}"}
    head, tail = (raw.decode("utf-8", "replace") for raw in (found.head, found.tail))
    return {"head": head, "tail": tail, "left": found.left} if found.left else {"head": tail, "tail": "", "left": 0}
