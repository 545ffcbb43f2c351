"""From axes to cells, and from cells to the selected ones: pure."""

from __future__ import annotations

import fnmatch
import itertools
import platform
import re
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError
from bootmatrix.model import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_CELLS = 1_000_000
IMPLICIT = {"compiler": "gcc", "os": "debian-12", "arch": platform.machine(), "backend": "qemu"}
"""What a cell is on where the matrix has no such axis; never part of an id."""

GLOB = re.compile(r"[*?\[]")
UNSAFE = re.compile(r"[^A-Za-z0-9._+-]")

Values = dict[str, str]


def value(cell: Cell, axis: str) -> str:
    """The cell's value on an axis, or the one that is implied; empty if there is none."""
    return cell.values.get(axis) or IMPLICIT.get(axis, "")


def slug(text: str) -> str:
    """A text as a part of an id: safe in a path, a shell and a URL."""
    return UNSAFE.sub("_", text) or "_"


def cell_id(values: Values) -> str:
    return "-".join(map(slug, values.values()))


def matches(values: Mapping[str, str], match: Mapping[str, Sequence[str]]) -> bool:
    """Whether every key of `match` has a glob that fits the value; a key that the cell lacks never fits."""
    return all(key in values and any(_fits(values[key], glob) for glob in globs) for key, globs in match.items())


def _fits(text: str, glob: str) -> bool:
    return text == glob or (GLOB.search(glob) is not None and fnmatch.fnmatchcase(text, glob))


def fitting(globs: Sequence[str], choices: Iterable[str]) -> list[str]:
    """The choices that fit any of the globs."""
    return [text for text in choices if any(_fits(text, glob) for glob in globs)]


def count(axes: Mapping[str, Sequence[str]]) -> int:
    total = 1
    for choices in axes.values():
        total *= len(choices)
    return total


def expand(
    axes: Mapping[str, Sequence[str]],
    exclude: Sequence[Mapping[str, Sequence[str]]] = (),
    include: Sequence[Mapping[str, Sequence[str]]] = (),
) -> list[Cell]:
    """The cells in the order of the axes, by the rules of a GitHub Actions matrix.

    An include that fits cells of the product adds its other keys to them; one that fits none is a cell of its own.
    Source of the rules: GitHub's workflow syntax, `jobs.<job_id>.strategy.matrix.include`.
    """
    original = list(_product(axes, exclude))
    extras: list[Values] = [{} for _ in original]
    added: list[Values] = []
    for entry in include:
        for single in _spread(entry, axes):
            _include(single, axes, original, extras, added)
    every = [{**values, **extra} for values, extra in zip(original, extras, strict=True)] if include else original
    return _unique([*every, *added])


def _product(axes: Mapping[str, Sequence[str]], exclude: Sequence[Mapping[str, Sequence[str]]]) -> Iterator[Values]:
    """The product without what is excluded; globs are resolved to sets once, so a cell costs look-ups only."""
    names = list(axes)
    sets = [
        [(names.index(key), frozenset(fitting(globs, axes[key]))) for key, globs in rule.items()] for rule in exclude
    ]
    for combination in itertools.product(*axes.values()):
        if not any(all(combination[at] in allowed for at, allowed in rule) for rule in sets):
            yield dict(zip(names, combination, strict=True))


def _spread(entry: Mapping[str, Sequence[str]], axes: Mapping[str, Sequence[str]]) -> Iterator[Values]:
    """An include's lists and globs as single values; a glob stands for the axis's values that fit it."""
    choices = [
        [v for text in texts for v in (_expand_glob(text, axes[key]) if key in axes else [text])]
        for key, texts in entry.items()
    ]
    for combination in itertools.product(*choices):
        yield dict(zip(entry, combination, strict=True))


def _expand_glob(text: str, known: Sequence[str]) -> list[str]:
    return fitting([text], known) if GLOB.search(text) and text not in known else [text]


def _include(
    single: Values,
    axes: Mapping[str, Sequence[str]],
    original: list[Values],
    extras: list[Values],
    added: list[Values],
) -> None:
    wanted = {key: v for key, v in single.items() if key in axes}
    extra = {key: v for key, v in single.items() if key not in axes}
    fitting = [i for i, values in enumerate(original) if all(values[key] == v for key, v in wanted.items())]
    for index in fitting:
        extras[index].update(extra)
    if not fitting:
        added.append({**{key: wanted[key] for key in axes if key in wanted}, **extra})


def _unique(every: list[Values]) -> list[Cell]:
    seen: dict[str, Values] = {}
    result = []
    for values in every:
        name = cell_id(values)
        if seen.setdefault(name, values) != values:
            what = f"two cells have the id '{name}': {seen[name]} and {values}"
            raise UserError(Problem(what, remedy="rename one of the values, so that each cell has an id of its own"))
        if seen[name] is values:
            result.append(Cell(name, values))
    return result


def spread_params(params: Mapping[str, Sequence[str]]) -> Iterable[Values]:
    """Every combination of a test's parameters; one empty one if it has none."""
    return (dict(zip(params, combination, strict=True)) for combination in itertools.product(*params.values()))


def test_id(name: str, params: Values) -> str:
    """`stack`, or `stack@depth=10,smp=2`."""
    return name + ("@" + ",".join(f"{key}={slug(text)}" for key, text in params.items()) if params else "")
