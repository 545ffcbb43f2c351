"""What the includes add: keys to cells of the product, and cells of their own."""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError
from bootmatrix.matrix.expanding.cells import GLOB, MAX_CELLS, cell_id, count, fitting
from bootmatrix.model import Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import Any

    from bootmatrix.matrix.expanding.cells import Globs, Values
    from bootmatrix.matrix.expanding.product import Product

    _Pick = Callable[[Mapping[str, str]], Any]

MAX_SINGLES = 10_000  # what the includes may come to
MAX_WORK = 10 * MAX_CELLS  # look-ups and changes of cells by the includes


class Extras:
    """The keys that cells of the product get, looked up by their values on the axes that the includes name.

    An entry has its place in the file, since a later one overrides an earlier one.
    """

    def __init__(self) -> None:
        self._tables: dict[tuple[str, ...], tuple[_Pick, dict[Any, list[tuple[int, Values]]]]] = {}
        self._entries: list[tuple[Values, Values]] = []

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(self, wanted: Values, extra: Values) -> None:
        pick, table = self._tables.setdefault(tuple(wanted), (_picker(wanted), {}))
        table.setdefault(pick(wanted), []).append((len(self._entries), extra))
        self._entries.append((wanted, extra))

    def of(self, values: Mapping[str, str]) -> Values:
        """What a cell with these values gets; the values need only be those on `axes`."""
        found: list[tuple[int, Values]] = []
        for pick, table in self._tables.values():
            found += table.get(pick(values), ())
        merged: Values = {}
        for _, extra in sorted(found) if len(found) > 1 else found:
            merged.update(extra)
        return merged

    def setting(self, keys: Collection[str]) -> Extras:
        """Those that set any of the keys."""
        some = Extras()
        for wanted, extra in self._entries:
            if not extra.keys().isdisjoint(keys):
                some.add(wanted, extra)
        return some

    @property
    def axes(self) -> set[str]:
        return {axis for axes in self._tables for axis in axes}

    @property
    def keys(self) -> dict[str, int]:
        """The keys, each with the length of its longest value."""
        longest: dict[str, int] = {}
        for _, extra in self._entries:
            for key, text in extra.items():
                longest[key] = max(longest.get(key, 0), len(text))
        return longest


def _picker(axes: Collection[str]) -> _Pick:
    """What looks up values on these axes, in a form that a table can have as its key."""
    return operator.itemgetter(*axes) if axes else lambda _: None


def apply(
    include: Sequence[Globs], axes: Mapping[str, Sequence[str]], product: Product
) -> tuple[Extras, tuple[Cell, ...]]:
    """What is added to cells of the product, and the cells that fit none of it. Raises UserError if that is too much.

    Source of the rules: GitHub's workflow syntax, `jobs.<job_id>.strategy.matrix.include`.
    """
    extras, added = Extras(), dict[tuple[tuple[str, str], ...], Cell]()
    total, changed = product.count({}), Counter[tuple[str, ...]]()
    for single in _singles(include, axes):
        wanted = {key: single[key] for key in axes if key in single}
        extra = {key: text for key, text in single.items() if key not in axes}
        fit = product.count(wanted)
        changed[tuple(wanted)] += fit
        if total * len(changed) + changed.total() > MAX_WORK:
            remedy = "write one include for several values"
            raise UserError(Problem("the includes match too many cells", remedy=remedy))
        if not fit:
            own = {**wanted, **extra}
            added[tuple(own.items())] = Cell(cell_id(own), own)
        elif extra:
            extras.add(wanted, extra)
    return extras, tuple(added.values())


def _singles(include: Sequence[Globs], axes: Mapping[str, Sequence[str]]) -> Iterator[Values]:
    """The includes' lists and globs as single values; a glob stands for the axis's values that fit it."""
    spread = [{key: _spread(texts, axes.get(key, ())) for key, texts in entry.items()} for entry in include]
    total = sum(map(count, spread))
    if total > MAX_SINGLES:
        what = f"the includes give more than {MAX_SINGLES:,} cells"
        raise UserError(Problem(what, remedy="make axes of their lists"))
    for entry in spread:
        for combination in itertools.product(*entry.values()):
            yield dict(zip(entry, combination, strict=True))


def _spread(texts: Collection[str], known: Sequence[str]) -> list[str]:
    def globbed(text: str) -> bool:
        return bool(known) and text not in known and GLOB.search(text) is not None

    return [one for text in texts for one in (fitting([text], known) if globbed(text) else [text])]
