"""From axes to cells, and from cells to the selected ones: pure."""

from __future__ import annotations

import fnmatch
import itertools
import math
import platform
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError
from bootmatrix.model import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_CELLS = 1_000_000
MAX_SINGLES = 10_000  # what the includes may come to
MAX_WORK = 10 * MAX_CELLS  # look-ups and changes of cells by the includes
IMPLICIT = {"compiler": "gcc", "os": "debian-12", "arch": platform.machine(), "backend": "qemu"}
"""What a cell is on where the matrix has no such axis; never part of an id."""

GLOB = re.compile(r"[*?\[]")
UNSAFE = re.compile(r"[^A-Za-z0-9._+-]")
LEADING = re.compile(r"^[.-]")

Values = dict[str, str]
_Partial = tuple[str, Values, int]  # the id and the values so far, and the rules that fit them


def value(cell: Cell, axis: str) -> str:
    """The cell's value on an axis, or the one that is implied; empty if there is none."""
    return cell.values.get(axis, IMPLICIT.get(axis, ""))


def slug(text: str) -> str:
    """A text as a part of an id: safe in a path, a shell and a URL."""
    return UNSAFE.sub("_", text) or "_"


def cell_id(values: Values) -> str:
    """The values, joined; never one that reads as a hidden file, a parent folder or an option."""
    return LEADING.sub("_", "-".join(map(slug, values.values())))


def matches(values: Mapping[str, str], match: Mapping[str, Sequence[str]]) -> bool:
    """Whether every key of `match` has a glob that fits the value; a key that the cell lacks never fits."""
    return all(key in values and fits(values[key], globs) for key, globs in match.items())


def fits(text: str, globs: Iterable[str]) -> bool:
    return any(text == glob or (GLOB.search(glob) and fnmatch.fnmatchcase(text, glob)) for glob in globs)


def fitting(globs: Sequence[str], choices: Iterable[str]) -> list[str]:
    """The choices that fit any of the globs."""
    plain = frozenset(globs)
    patterns = [re.compile(fnmatch.translate(glob)).match for glob in globs if GLOB.search(glob)]
    return [text for text in choices if text in plain or any(fit(text) for fit in patterns)]


def unmatched(globs: Sequence[str], choices: Sequence[str]) -> Iterator[str]:
    """The globs that fit none of the choices."""
    known = frozenset(choices)
    return (glob for glob in globs if glob not in known and not _fits_any(glob, choices))


def _fits_any(glob: str, choices: Iterable[str]) -> bool:
    return GLOB.search(glob) is not None and any(map(re.compile(fnmatch.translate(glob)).match, choices))


def count(axes: Mapping[str, Sequence[str]]) -> int:
    return math.prod(map(len, axes.values()))


def expand(
    axes: Mapping[str, Sequence[str]],
    exclude: Sequence[Mapping[str, Sequence[str]]] = (),
    include: Sequence[Mapping[str, Sequence[str]]] = (),
) -> list[Cell]:
    """The cells in the order of the axes, by the rules of a GitHub Actions matrix.

    An include that fits cells of the product adds its other keys to them; one that fits none is a cell of its own.
    Source of the rules: GitHub's workflow syntax, `jobs.<job_id>.strategy.matrix.include`.
    Raises UserError if two cells have one id, or if the includes are too many.
    """
    product = list(_product(axes, exclude))
    return _unique(_included(axes, product, include) if include else product)


def _product(axes: Mapping[str, Sequence[str]], exclude: Sequence[Mapping[str, Sequence[str]]]) -> Iterator[Cell]:
    """The product without what is excluded.

    Every rule is a bit. A value has the bits of the rules that it fits and of those that do not name its axis:
    a cell whose values have a bit in common is excluded, however many rules there are.
    """
    partial: Iterator[_Partial] = iter([("", {}, (1 << len(exclude)) - 1)])
    for index, (axis, choices) in enumerate(axes.items()):
        allowed = [frozenset(fitting(rule[axis], choices)) if axis in rule else None for rule in exclude]
        parts = [f"-{slug(text)}" if index else cell_id({axis: text}) for text in choices]
        bits = [_bits(text, allowed) for text in choices]
        partial = _grow(partial, axis, list(zip(parts, choices, bits, strict=True)))
    return (Cell(name, values) for name, values, rules in partial if not rules)


def _grow(partial: Iterator[_Partial], axis: str, choices: list[tuple[str, str, int]]) -> Iterator[_Partial]:
    for name, values, rules in partial:
        for part, text, bits in choices:
            yield name + part, {**values, axis: text}, rules & bits


def _bits(text: str, allowed: list[frozenset[str] | None]) -> int:
    return sum(1 << index for index, texts in enumerate(allowed) if texts is None or text in texts)


def _included(
    axes: Mapping[str, Sequence[str]], product: list[Cell], include: Sequence[Mapping[str, Sequence[str]]]
) -> list[Cell]:
    """The product's cells with what the includes add to them, then the cells that the includes add."""
    extras: defaultdict[int, Values] = defaultdict(dict)
    added: dict[tuple[tuple[str, str], ...], Values] = {}
    finder = _Finder(product)
    for single in _singles(include, axes):
        wanted = {key: single[key] for key in axes if key in single}
        extra = {key: text for key, text in single.items() if key not in axes}
        found = finder.find(wanted)
        for index in found:
            extras[index].update(extra)
        if not found:
            own = {**wanted, **extra}
            added[tuple(own.items())] = own
    for index, extra in extras.items():
        product[index] = _cell({**product[index].values, **extra})
    return [*product, *map(_cell, added.values())]


def _cell(values: Values) -> Cell:
    return Cell(cell_id(values), values)


class _Finder:
    """Finds the cells that have some values, with one pass over them for each set of axes that is asked for."""

    def __init__(self, every: list[Cell]) -> None:
        self.every = every
        self.indices: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = {}
        self.work = 0

    def find(self, wanted: Values) -> list[int]:
        names = tuple(wanted)
        if names not in self.indices:
            self._spend(len(self.every))
            table = self.indices.setdefault(names, {})
            for index, cell in enumerate(self.every):
                table.setdefault(tuple(cell.values[name] for name in names), []).append(index)
        found = self.indices[names].get(tuple(wanted.values()), [])
        self._spend(len(found))
        return found

    def _spend(self, work: int) -> None:
        self.work += work
        if self.work > MAX_WORK:
            raise UserError(
                Problem("the includes change too many cells", remedy="write one include for several values")
            )


def _singles(include: Sequence[Mapping[str, Sequence[str]]], axes: Mapping[str, Sequence[str]]) -> Iterator[Values]:
    """The includes' lists and globs as single values; a glob stands for the axis's values that fit it."""
    spread = [{key: _spread(texts, axes.get(key, ())) for key, texts in entry.items()} for entry in include]
    total = sum(map(count, spread))
    if total > MAX_SINGLES:
        what = f"the includes multiply to more than {MAX_SINGLES:,} cells"
        raise UserError(Problem(what, remedy="make axes of their lists"))
    for entry in spread:
        for combination in itertools.product(*entry.values()):
            yield dict(zip(entry, combination, strict=True))


def _spread(texts: Sequence[str], known: Sequence[str]) -> list[str]:
    def globbed(text: str) -> bool:
        return bool(known) and text not in known and GLOB.search(text) is not None

    return [one for text in texts for one in (fitting([text], known) if globbed(text) else [text])]


def _unique(every: list[Cell]) -> list[Cell]:
    """The cells, once it is sure that each has an id of its own."""
    if len({cell.id for cell in every}) < len(every):
        first: dict[str, Cell] = {}
        one, other = next((first[cell.id], cell) for cell in every if first.setdefault(cell.id, cell) is not cell)
        what = f"two cells have the id '{one.id}': {shown(one.values)} and {shown(other.values)}"
        raise UserError(Problem(what, remedy="rename one of the values, so that each cell has an id of its own"))
    return every


def shown(values: Mapping[str, str]) -> str:
    """`{arch: x86_64, backend: qemu}`, as it would be written in matrix.yaml."""
    return "{" + ", ".join(f"{key}: {text}" for key, text in values.items()) + "}"


def spread_params(params: Mapping[str, Sequence[str]]) -> Iterable[Values]:
    """Every combination of a test's parameters; one empty one if it has none."""
    if not params:
        return ({},)
    return (dict(zip(params, combination, strict=True)) for combination in itertools.product(*params.values()))


def test_id(name: str, params: Mapping[str, str]) -> str:
    """`stack`, or `stack@depth=10,smp=2`."""
    return name + ("@" + ",".join(f"{key}={slug(text)}" for key, text in params.items()) if params else "")
