"""Finds out of boots in turn since when a test differs from its partner. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import paired
from bootmatrix.history.findings import Change, ChangeKind
from bootmatrix.model import PairFinding, PairVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.history.findings import Night
    from bootmatrix.history.point import Point


def changes(window: Sequence[Night], row: Sequence[Point | None]) -> Iterator[Change]:
    """Of each measure that differs tonight, or no longer does; the last night is tonight."""
    last = row[-1]
    for found in last.pairs if last else ():
        nights = [(night, each) for night, point in zip(window, row, strict=True) if (each := _same(point, found))]
        yield from _said(last.id, [each for each in nights if _knows(each[1])], found) if last else ()


def _said(test: str, nights: Sequence[tuple[Night, PairFinding]], found: PairFinding) -> Iterator[Change]:
    """`nights` are those in which it was known, tonight the last of them if it is."""
    if not _knows(found):
        return
    words = paired.sentence([found])
    if found.real:
        first = next((at for at in range(len(nights), 0, -1) if nights[at - 1][1].verdict != found.verdict), 0)
        yield _change(ChangeKind.DIFFERENCE, test, words, nights[first][0], found)
    elif len(nights) > 1 and nights[-2][1].real:
        was = f"it {paired.clause(nights[-2][1])} in {nights[-2][0].run}"
        yield _change(ChangeKind.NO_DIFFERENCE, test, f"{words} [{was}]", nights[-1][0], found)


def _change(kind: ChangeKind, test: str, words: str, since: Night, found: PairFinding) -> Change:
    return Change(kind, test, words, since, None, found.name, found.before, found.after, found.unit)


def _knows(found: PairFinding) -> bool:
    return found.real or found.verdict == PairVerdict.SAME


def _same(point: Point | None, found: PairFinding) -> PairFinding | None:
    """The same question as it was answered in another night: on whatever host, both sides of it were measured there."""
    asked = (found.axis, found.base, found.value, found.name)
    pairs = point.pairs if point else ()
    return next((each for each in pairs if (each.axis, each.base, each.value, each.name) == asked), None)
