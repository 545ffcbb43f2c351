"""A guest's panic, by the line that its kernel prints: for backends that do not tell one otherwise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootmatrix import patterns, volatile
from bootmatrix.model import Outcome, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

PANIC = ("Kernel panic",)  # Linux's words
LONGEST = 200  # characters of a panic's line that are passed on
STAMP = re.compile(r"^\s*\[ *[0-9]+\.[0-9]+\]\s*")  # with fewer digits, too, than those of `torn`


def told(expressions: Iterable[str], console: str) -> Outcome | None:
    """`panicked` with the first line that one of the regular expressions matches, without time stamps and addresses."""
    for expression in expressions:
        if found := patterns.search(expression, console):
            start = console.rfind("\n", 0, found.start()) + 1
            line = console[max(start, found.start() - LONGEST) : found.start() + LONGEST].partition("\n")[0]
            steady = volatile.stable(STAMP.sub("", line).strip())[:LONGEST]
            return Outcome(OutcomeKind.PANICKED, steady, f"'{line.strip()[:LONGEST]}' on the console")
    return None
