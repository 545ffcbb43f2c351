"""Patterns against a guest's console: the text is hostile, so no search runs for ever."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError

if TYPE_CHECKING:
    import regex

    from bootmatrix.matrix.schema import Pattern

SECONDS = 2.0


@functools.cache
def _compiled(expression: str) -> regex.Pattern[str]:
    import regex  # noqa: PLC0415  # its searches take a time-out, which those of `re` do not

    return regex.compile(expression, regex.MULTILINE)


def search(expression: str, text: str, start: int = 0) -> regex.Match[str] | None:
    """Raises UserError if the search takes more than two seconds."""
    try:
        return _compiled(expression).search(text, start, timeout=SECONDS)
    except TimeoutError:
        raise _too_slow(expression) from None


def last(expression: str, text: str) -> regex.Match[str] | None:
    found = None
    try:
        for found in _compiled(expression).finditer(text, timeout=SECONDS):  # noqa: B007
            pass
    except TimeoutError:
        raise _too_slow(expression) from None
    return found


def find(pattern: Pattern, text: str, start: int = 0) -> int:
    """The end of the first match at or after `start`, -1 if there is none."""
    if pattern.regex:
        match = search(pattern.regex, text, start)
        return match.end() if match else -1
    at = text.find(pattern.text, start)
    return at + len(pattern.text) if at >= 0 else -1


def _too_slow(expression: str) -> UserError:
    what = f"the regular expression '{expression}' needs more than {SECONDS:.0f} s on this console"
    return UserError(Problem(what, remedy="avoid nested repetitions such as (a+)+"))
