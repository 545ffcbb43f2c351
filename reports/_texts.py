"""What the formats share: ends of consoles, and a file that is whole or as it was."""

from __future__ import annotations

import contextlib
import io
from typing import IO, TYPE_CHECKING

from bootmatrix import files, texts

from . import _consoles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAIL = 16 << 10  # bytes of a console in which its last lines are looked for


@contextlib.contextmanager
def written(target: Path) -> Iterator[IO[str]]:
    """A text in UTF-8 that becomes `target` once it is whole; what has no UTF-8 becomes `?`."""
    with files.replaced(target) as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="\n")
        try:
            yield file
        finally:
            file.detach()


def last_lines(folder: Path, name: str, number: int) -> str:
    """The last lines of a console, whose file must lie below `folder` (resolved); why not, where it cannot be read."""
    try:
        ends = _consoles.ends(folder, name, 0, TAIL)
    except (OSError, ValueError) as error:
        return f"[{name} {_consoles.why_not(error)}]"
    lines = texts.visible(texts.clean(ends.tail)).strip().split("\n")
    return "\n".join(texts.cut(each.rstrip(), texts.LINE) for each in lines[-number:])
