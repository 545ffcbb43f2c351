"""Finds the first error in a build's log: the last lines are often not it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import files, texts
from bootmatrix.errors import printable

if TYPE_CHECKING:
    from pathlib import Path

# What compilers, linkers, make, CMake, interpreters, git and apt say. No flag such as -Wno-error has the colon; before
# `error` may stand the code that colours it.
ERROR = re.compile(
    rb"(?:(?<![A-Za-z0-9_-])|\x1b\[[0-9;]{0,9}[mK])error(?:\[\w{1,20}\])?:|Error:|ERROR:|CMake Error"
    rb"|undefined reference|No rule to make target|(?<![A-Za-z0-9_-])fatal:|cannot find -l|^E: ",
    re.MULTILINE,
)
BEFORE, AFTER = 2, 7  # lines around it that are told: where it stands in the source, and the source itself
LONGEST = 400  # characters of a line
REACH = 8 << 10  # bytes before and behind it in which these lines are looked for
CHUNK = 1 << 20


@dataclass(frozen=True)
class Culprit:
    """The line that tells of an error, its number in the log, and the lines around it with itself."""

    line: str
    number: int
    around: tuple[str, ...]


def found(log: Path) -> Culprit | None:
    """The first error in a log; None where none is told, or where the log cannot be read."""
    kept, lines = b"", 0
    try:
        with files.opened(log) as stream:
            while chunk := stream.read(CHUNK):
                text = kept + chunk
                if match := ERROR.search(text):
                    return _culprit(text + stream.read(REACH), match.end(), lines)
                kept = text[-REACH:]
                lines += text.count(b"\n") - kept.count(b"\n")
    except OSError:
        pass
    return None


def _culprit(text: bytes, end: int, lines: int) -> Culprit:
    """Of the line in which the match ends; `lines` of the log come before the text."""
    *earlier, begun = texts.clean(text[max(0, end - REACH) : end]).split("\n")
    rest, *later = texts.clean(text[end : end + REACH]).split("\n")
    line = _shown(begun[-LONGEST // 2 :] + rest)
    around = [*map(_shown, _filled(earlier)[-BEFORE:]), line, *map(_shown, _filled(later)[:AFTER])]
    return Culprit(line.strip(), lines + text.count(b"\n", 0, end) + 1, tuple(around))


def _filled(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip()]


def _shown(line: str) -> str:
    return printable(line.rstrip(), LONGEST)
