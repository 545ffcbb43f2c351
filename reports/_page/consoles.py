"""What the page shows of a console: its start and its end, as the guest wrote them. The page makes them harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _consoles  # noqa: TID252  # its absolute name is that of whatever root was loaded

if TYPE_CHECKING:
    from pathlib import Path

HEAD, TAIL = 4 << 10, 12 << 10  # bytes
SHOWN = HEAD + TAIL
END, LINES, LONGEST = 4 << 10, 12, 400  # bytes in which last lines are looked for, lines, characters of one


def ends(folder: Path, name: str) -> dict[str, Any] | None:
    """`head` and `tail` of a file of the run, with how many bytes are `left` out between them; or an `error`.

    `folder` is the run's, resolved. None if the guest printed nothing: then there is no file.
    """
    if not name:
        return None
    try:
        found = _consoles.ends(folder, name, HEAD, TAIL)
    except (OSError, ValueError) as error:
        return {"error": _consoles.why_not(error)}
    head, tail = (raw.decode("utf-8", "replace") for raw in (found.head, found.tail))
    return {"head": head, "tail": tail, "left": found.left} if found.left else {"head": tail, "tail": "", "left": 0}


def last(folder: Path, name: str) -> dict[str, Any] | None:
    """`text`: the last lines of such a file, those that are blank at its end left out; or an `error`."""
    if not name:
        return None
    try:
        found = _consoles.ends(folder, name, 0, END)
    except (OSError, ValueError) as error:
        return {"error": _consoles.why_not(error)}
    lines = found.tail.decode("utf-8", "replace").rstrip().split("\n")
    if found.left and len(lines) > 1:  # the first has lost its start, maybe within an escape sequence
        del lines[0]
    return {
        "text": "\n".join(line[-LONGEST:] for line in lines[-LINES:]),
        "whole": not found.left and len(lines) <= LINES,
    }
