"""Which tests are held against each other: the same in two runs, or two that differ in one axis only. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.compare.side import Side, gather
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix.expanding import select
from bootmatrix.matrix.expanding.cells import slug

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from bootmatrix.compare.side import Kind
    from bootmatrix.history.point import Point

KINDS = ("host", "accelerator", "image")


@dataclass(frozen=True)
class Pair:
    """`name` is the test's id, with `*` for what differs."""

    name: str
    before: Side
    after: Side


@dataclass(frozen=True)
class Pairs:
    """`only_before` and `only_after` are the ids of tests that have no partner."""

    both: tuple[Pair, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]


def of_runs(
    before: Iterable[Point], after: Iterable[Point], terms: Sequence[str] = (), *, one_host: bool = True
) -> Pairs:
    """The same tests; measures of one host class, accelerator and image are alike. On one host the runs may have been
    side by side.
    """
    names = ("both", "both" if one_host else "the other")
    sides = tuple(
        gather(points, lambda point: point.id, lambda point: point.kind, lambda _, name=name: name)  # type: ignore[misc]
        for points, name in zip((before, after), names, strict=True)
    )
    known = [seen for side in sides for seen in side.values()]
    old, new = (_by(lambda seen: seen.id, _selected(side.values(), known, terms)) for side in sides)
    return _paired(old, new, {key: seen.id for key, seen in old.items()})


def of_axis(points: Iterable[Point], axis: str, before: str, after: str, terms: Sequence[str] = ()) -> Pairs:
    """Tests that differ only in this axis or parameter; its images may, so that they make no difference in kind.

    UserError if there is no such axis, or if it never has one of these values.
    """
    every = list(gather(points, lambda point: point.id, _place, lambda point: point.run).values())
    _check(every, axis, (before, after))
    chosen = _selected(every, every, terms)
    of_value = ([seen for seen in chosen if seen.values.get(axis) == text] for text in (before, after))
    old, new = (_by(lambda seen: _others(seen, axis), each) for each in of_value)
    return _paired(old, new, {key: _starred(seen, axis) for key, seen in old.items()})


def _by(key: Callable[[Side], Hashable], seen: Iterable[Side]) -> dict[Hashable, Side]:
    return {key(each): each for each in seen}


def _paired(old: Mapping[Hashable, Side], new: Mapping[Hashable, Side], names: Mapping[Hashable, str]) -> Pairs:
    return Pairs(
        tuple(Pair(names[key], seen, new[key]) for key, seen in old.items() if key in new),
        tuple(seen.id for key, seen in old.items() if key not in new),
        tuple(seen.id for key, seen in new.items() if key not in old),
    )


def _place(point: Point) -> Kind:
    return point.host, point.accelerator


def _others(seen: Side, axis: str) -> Hashable:
    return seen.name, frozenset((key, text) for key, text in seen.values.items() if key != axis)


def _starred(seen: Side, axis: str) -> str:
    """The id without the axis's value."""
    name, _, shown = seen.test.partition("@")
    params = dict(part.partition("=")[::2] for part in shown.split(",") if shown)
    if axis in params:
        return f"{seen.cell}/{name}@{','.join(f'{key}={_star(key, text, axis)}' for key, text in params.items())}"
    axes = {key: slug(text) for key, text in seen.values.items() if key not in params}
    if "-".join(axes.values()) != seen.cell:  # begins with a mark, or not as the matrix joins it
        return seen.id
    return f"{'-'.join(_star(key, text, axis) for key, text in axes.items())}/{seen.test}"


def _star(key: str, text: str, axis: str) -> str:
    return "*" if key == axis else text


def _selected(seen: Iterable[Side], known: Iterable[Side], terms: Sequence[str]) -> list[Side]:
    if not terms:
        return list(seen)
    every = list(known)
    values = {**_texts(every), "test": sorted({each.name for each in every})}
    wanted = select.parse(select.named(terms, values, lambda: {each.cell for each in every}), values)
    return [each for each in seen if wanted.takes(each.cell, each.test, {**each.values, "test": each.name})]


def _texts(seen: Iterable[Side]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for each in seen:
        for key, text in each.values.items():
            found.setdefault(key, {})[text] = None
    return {key: list(texts) for key, texts in found.items()}


def _check(every: Sequence[Side], axis: str, wanted: Sequence[str]) -> None:
    texts = _texts(every)
    if not texts:
        raise UserError(Problem("there is no result to compare", remedy="`bootmatrix run` makes some"))
    if axis not in texts:
        raise UserError(Problem(f"there is no axis or parameter '{axis}'", remedy=suggest(axis, texts)))
    for text in wanted:
        if text not in texts[axis]:
            raise UserError(Problem(f"{axis} is never '{text}'", remedy=suggest(text, texts[axis])))
    if len(set(wanted)) == 1:
        raise UserError(
            Problem(f"{axis}: both sides are {wanted[0]}; choose two values", remedy=suggest("", texts[axis]))
        )
