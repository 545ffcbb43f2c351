"""Patterns against a guest's console: the text is hostile, so no search runs for ever."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Protocol

from bootmatrix.errors import Problem, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import regex


SECONDS = 2.0  # for any search, and one more
LONGEST = 64  # characters of a number
LARGEST = 1e300  # what is reckoned with a larger one, on either side of 0, is endless
A_SECOND = 1_000_000  # for each so many characters: a plain search reads ten times as many and more


class Pattern(Protocol):
    """What is looked for: the `regex`, or where that is empty, the `text`."""

    @property
    def text(self) -> str: ...
    @property
    def regex(self) -> str: ...


@functools.cache
def _compiled(expression: str) -> regex.Pattern[str]:
    import regex  # noqa: PLC0415  # its searches take a time-out, which those of `re` do not

    try:
        return regex.compile(expression, regex.MULTILINE)
    except regex.error as error:
        raise UserError(Problem(f"'{expression}' is not a regular expression: {error}")) from None


def search(expression: str, text: str, start: int = 0) -> regex.Match[str] | None:
    """Raises UserError if the search takes longer than is right for so much text, or too much memory."""
    try:
        return _compiled(expression).search(text, start, timeout=_allowed(text))
    except (TimeoutError, MemoryError) as error:
        raise _too_much(expression, text, error) from None


def every(expression: str, text: str) -> Iterator[regex.Match[str]]:
    """Each match in order; the time-out is for all of them."""
    try:
        yield from _compiled(expression).finditer(text, timeout=_allowed(text))
    except (TimeoutError, MemoryError) as error:
        raise _too_much(expression, text, error) from None


def numbers(expression: str, text: str) -> Iterator[float]:
    """What the only group of each match holds; texts that are no number, or one beyond LARGEST, are passed over."""
    for match in every(expression, text):
        found = match[1] or ""
        if len(found) <= LONGEST and found.isascii() and "_" not in found:
            with contextlib.suppress(ValueError):
                number = float(found)
                if abs(number) <= LARGEST:
                    yield number


def find(pattern: Pattern, text: str, start: int = 0) -> int:
    """The end of the first match at or after `start`, -1 if there is none."""
    if pattern.regex:
        match = search(pattern.regex, text, start)
        return match.end() if match else -1
    at = text.find(pattern.text, start)
    return at + len(pattern.text) if at >= 0 else -1


def _allowed(text: str) -> float:
    return SECONDS + len(text) / A_SECOND


def _too_much(expression: str, text: str, error: TimeoutError | MemoryError) -> UserError:
    much = "too much memory" if isinstance(error, MemoryError) else f"more than {_allowed(text):.0f} s"
    what = f"matching the regular expression '{expression}' took {much} on this text"
    return UserError(Problem(what, remedy="avoid nested repetitions such as (a+)+"))
