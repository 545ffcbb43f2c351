"""Whether ids can collide: decided from the parts that they are joined from, without making every id."""

from __future__ import annotations

import bisect
import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    _State = tuple[int, int, str]  # see `_next`

MOST = 100_000  # states that are looked at; after that it is as cheap to compare the texts themselves


def is_sure(lists: Sequence[Sequence[str]], others: Collection[str] = ()) -> bool:
    """Whether no two ways to join one part of each list make the same text, nor one of the other texts.

    Where this takes too long to find out, it is not sure.
    """
    if any(len(set(texts)) < len(texts) for texts in (*lists, others)):
        return False
    sets = [frozenset(parts) for parts in lists]
    return not any(_is_joined(text, sets) for text in others) and _has_one_reading([sorted(parts) for parts in lists])


def _is_joined(text: str, sets: Sequence[Collection[str]]) -> bool:
    ends = {0}
    for parts in sets:
        ends = {end for start in ends for end in range(start, len(text) + 1) if text[start:end] in parts}
    return len(text) in ends


def _has_one_reading(lists: Sequence[Sequence[str]]) -> bool:
    """A search for a text that can be read in two ways, as Sardinas and Patterson's for codes.

    Both readings grow by a part at a time, always the one that has read less, and all that matters of them is what
    the other has read more.
    """
    todo = {(place, place, rest) for place, parts in enumerate(lists, 1) for rest in _differences(parts)}
    known: set[_State] = set()
    left = MOST
    while todo and left > 0:
        state = todo.pop()
        if state[0] == state[1] and not state[2]:
            return False
        known.add(state)
        found = [*_next(lists, *state)]
        todo.update(state for state in found if state not in known)
        left -= len(found) + 1
    return not todo


def _differences(parts: Sequence[str]) -> Iterator[str]:
    """What one part has more than another with which it begins."""
    known = frozenset(parts)
    return (text[end:] for text in parts for end in range(len(text)) if text[:end] in known)


def _next(lists: Sequence[Sequence[str]], ahead: int, behind: int, rest: str) -> Iterator[_State]:
    """The states that follow: one reading has parts of the first `ahead` lists, and has read `rest` more than the
    other, which has parts of the first `behind` and takes its next.
    """
    if behind == len(lists):
        return
    parts = lists[behind]
    for end in range(len(rest) + 1):
        if _has(parts, rest[:end]):
            yield _state(ahead, behind + 1, rest[end:])
    longer = itertools.islice(parts, bisect.bisect(parts, rest), None)
    for text in itertools.takewhile(lambda text: text.startswith(rest), longer):
        yield _state(behind + 1, ahead, text[len(rest) :])


def _state(ahead: int, behind: int, rest: str) -> _State:
    """Where both have read the same, the one of fewer parts goes on."""
    return (ahead, behind, rest) if rest else (max(ahead, behind), min(ahead, behind), "")


def _has(parts: Sequence[str], text: str) -> bool:
    place = bisect.bisect_left(parts, text)
    return place < len(parts) and parts[place] == text
