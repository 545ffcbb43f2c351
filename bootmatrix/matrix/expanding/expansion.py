"""Iterates over the cells of the axes and includes without keeping them in memory."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError
from bootmatrix.matrix.expanding import includes, unique
from bootmatrix.matrix.expanding.cells import shown, slug
from bootmatrix.matrix.expanding.includes import Extras
from bootmatrix.matrix.expanding.product import Product
from bootmatrix.model import Cell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bootmatrix.matrix.expanding.cells import Globs, Values


class Cells:
    """The cells of a matrix: the product's, with what the includes add to them, then those that the includes add."""

    def __init__(self, product: Product, extras: Extras, added: Sequence[Cell]) -> None:
        self._product, self._extras, self._added = product, extras, added
        self._length = product.count({}) + len(added)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Cell]:
        return self.near({})

    def near(self, match: Globs) -> Iterator[Cell]:
        """At least the cells that fit: `match` limits the product on its axes, and nothing else."""
        found = self._product.cells(match)
        return itertools.chain(map(self._extended, found) if self._extras else found, self._added)

    def _extended(self, cell: Cell) -> Cell:
        extra = self._extras.of(cell.values)
        return Cell(cell.id + _suffix(extra), {**cell.values, **extra}) if extra else cell

    @property
    def keys(self) -> list[str]:
        """The axes and other keys that cells have."""
        own = [key for cell in self._added for key in cell.values]
        axes = self._product.parts if len(self) > len(self._added) else ()
        return list(dict.fromkeys([*axes, *self._extras.keys, *own]))

    @property
    def widest(self) -> int:
        """A bound for the length of ids, in characters."""
        parts = [max(map(len, parts), default=0) for parts in self._product.parts.values()]
        extra = [max(length, 1) + 1 for length in self._extras.keys.values()]
        return max([sum(parts) + sum(extra), *(len(cell.id) for cell in self._added)])

    def on(self, names: Collection[str], match: Globs | None = None) -> Iterator[Values]:
        """What the cells near `match` have on those of `names` that they have at all, some of it more than once."""
        extras = self._extras.setting(names)
        for values in self._product.on({*names, *extras.axes}, match or {}):
            found = {**values, **extras.of(values)}
            yield {name: found[name] for name in names if name in found}
        for cell in self._added:
            yield {name: cell.values[name] for name in names if name in cell.values}


NONE = Cells(Product({"none": ()}), Extras(), ())


def expand(axes: Mapping[str, Sequence[str]], exclude: Sequence[Globs] = (), include: Sequence[Globs] = ()) -> Cells:
    """The cells in the order of the axes, by the rules of a GitHub Actions matrix.

    An include that fits cells of the product adds its other keys to them; one that fits none is a cell of its own.
    Raises UserError if two cells have one id, or if the includes are too many.
    """
    product = Product(axes, exclude)
    extras, added = includes.apply(include, axes, product)
    cells = Cells(product, extras, added)
    suffixes = {_suffix(extras.of(values)) for values in product.on(extras.axes, {})}
    if not unique.is_sure([*product.parts.values(), [*suffixes]], [cell.id for cell in added]):
        _check_ids(cells)
    return cells


def _suffix(extra: Values) -> str:
    """What the includes' keys add to an id."""
    return "".join(f"-{slug(text)}" for text in extra.values())


def _check_ids(cells: Cells) -> None:
    """Compares the ids themselves; by their hashes at first, since those of a million are small."""
    seen, repeated = set[int](), set[int]()
    for key in (hash(cell.id) for cell in cells):
        (repeated if key in seen else seen).add(key)
    first: dict[str, Cell] = {}
    for cell in cells if repeated else ():
        one = first.setdefault(cell.id, cell) if hash(cell.id) in repeated else cell
        if one is not cell:
            what = f"two cells have the id '{one.id}': {shown(one.values)} and {shown(cell.values)}"
            raise UserError(Problem(what, remedy="rename one of the values, so that each cell has an id of its own"))
