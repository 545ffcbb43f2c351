"""What the formats share: texts of a guest made harmless, ends of consoles, and a file that is whole or as it was."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import IO, TYPE_CHECKING

from bootmatrix import console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAIL = 16 << 10  # bytes of a console in which its last lines are looked for
LINE = 500  # characters of a line that are shown


@contextlib.contextmanager
def written(target: Path) -> Iterator[IO[str]]:
    """A text in UTF-8 that becomes `target` once it is whole; what has no UTF-8 becomes `?`."""
    fresh = target.with_name(f"{target.name}.new")
    try:
        with fresh.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            yield file
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def clean(text: str) -> str:
    """Without ANSI codes; all that is no character to be seen (controls, marks that turn the direction of writing,
    lone surrogates) becomes U+FFFD, but for the lines' ends, which are newlines.
    """
    if text.isprintable():
        return text
    lines = console.ANSI.sub("", text).expandtabs(4).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line if line.isprintable() else "".join(map(_seen, line)) for line in lines)


@functools.cache
def _real(folder: Path) -> str:
    return os.path.realpath(folder)


def _seen(char: str) -> str:
    return char if char.isprintable() else " " if char.isspace() else "\ufffd"


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"


def line(text: str, most: int = LINE) -> str:
    """One clean line of at most `most` characters."""
    return cut(" ".join(clean(text[: 2 * most]).split()), most)


def last_lines(folder: Path, name: str, number: int) -> str:
    """The last lines of a console, whose file must lie below `folder`; why not, where it cannot be read."""
    try:
        file = os.path.realpath(f"{folder}/{name}")
        if not file.startswith(f"{_real(folder)}/"):
            return f"[{name} is no file of this run]"
        with open(file, "rb", buffering=0) as opened:  # noqa: PTH123  # a Path costs 20 µs, and there are thousands
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - TAIL))
            raw = opened.read()
    except (OSError, ValueError) as error:
        return f"[{name} cannot be read: {getattr(error, 'strerror', None) or error}]"
    lines = clean(console.clean(raw)).strip().split("\n")
    return "\n".join(cut(each.rstrip(), LINE) for each in lines[-number:])
