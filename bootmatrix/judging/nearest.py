"""The line of a console that comes nearest to a pattern which it never shows: a message that was worded otherwise."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from bootmatrix import volatile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.matrix.keys.parts import Pattern

WORD = re.compile(r"[^\W_]{3,}")
ESCAPE = re.compile(r"\\.|\(\?[^)]*\)?")  # of a regular expression: no text
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
STEM = 4  # characters of a word by which lines are looked for: the word may be spelled otherwise
STEMS, HITS = 3, 6  # of a pattern, and of a stem from each end of the console
BEFORE, WIDTH = 60, 160  # characters of a line around a hit that are compared
ENOUGH = 0.6  # of a pattern's characters that a line has, in pieces
PIECE = 3  # characters
SHOWN = 80


def line(pattern: Pattern, console: str) -> str:
    """Empty if none is near. Of many like failures all show the same: without addresses, and numbers as N, unless the
    pattern has numbers. Looks at a few lines only, however long the console is.
    """
    wanted = (pattern.text or ESCAPE.sub(" ", pattern.regex)).lower()[:WIDTH]
    compared = difflib.SequenceMatcher(autojunk=False)
    compared.set_seq2(wanted)
    best, found = ENOUGH, ""
    for candidate in dict.fromkeys(_candidates(wanted, console)):
        compared.set_seq1(candidate.lower())
        share = sum(size for _, _, size in compared.get_matching_blocks() if size >= PIECE) / len(wanted)
        if share >= best and (share > best or not found):
            best, found = share, candidate
    shown = volatile.stable(found.strip())
    return (shown if NUMBER.search(wanted) else NUMBER.sub("N", shown))[:SHOWN]


def _candidates(wanted: str, console: str) -> Iterator[str]:
    """Lines that have the beginning of one of the longest words, written in one of the usual ways."""
    for word in sorted(set(WORD.findall(wanted)), key=lambda word: (-len(word), word))[:STEMS]:
        stem = word[:STEM]
        for written in dict.fromkeys((stem, stem.capitalize(), stem.upper())):
            for at in _hits(written, console):
                start = max(console.rfind("\n", 0, at) + 1, at - BEFORE)
                yield console[start : start + WIDTH].partition("\n")[0]


def _hits(written: str, console: str) -> Iterator[int]:
    """The first and the last few."""
    at = -1
    for _ in range(HITS):
        if (at := console.find(written, at + 1)) < 0:
            return
        yield at
    end = len(console)
    for _ in range(HITS):
        if (end := console.rfind(written, at + 1, end)) < 0:
            return
        yield end
