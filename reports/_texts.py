"""What the formats share: texts of a guest made harmless, ends of consoles, and a text that is whole or as it was."""

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
LINE = 500  # characters of a line that are shown


@contextlib.contextmanager
def written(target: Path) -> Iterator[IO[str]]:
    """A text in UTF-8 that becomes `target` once it is whole; what has no UTF-8 becomes `?`."""
    with files.replaced(target) as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="\n")
        try:
            yield file
        finally:
            file.detach()


def clean(text: str) -> str:
    """Without ANSI codes; all that is no character to be seen (controls, marks that turn the direction of writing,
    lone surrogates) becomes U+FFFD, but for the lines' ends, which are newlines.
    """
    if text.isprintable():
        return text
    lines = texts.ANSI.sub("", text).expandtabs(4).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line if line.isprintable() else "".join(map(_seen, line)) for line in lines)


def _seen(char: str) -> str:
    return char if char.isprintable() else " " if char.isspace() else "\ufffd"


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"


def line(text: str, most: int = LINE) -> str:
    """One clean line of at most `most` characters."""
    return cut(" ".join(clean(text[: 2 * most]).split()), most)


def last_lines(folder: Path, name: str, number: int) -> str:
    """The last lines of a console, whose file must lie below `folder` (resolved); why not, where it cannot be read."""
    try:
        ends = _consoles.ends(folder, name, 0, TAIL)
    except (OSError, ValueError) as error:
        return f"[{name} {_consoles.why_not(error)}]"
    lines = clean(texts.clean(ends.tail)).strip().split("\n")
    return "\n".join(cut(each.rstrip(), LINE) for each in lines[-number:])
