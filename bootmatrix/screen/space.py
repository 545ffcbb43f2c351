"""Which cells share a box of the grid: the cells as points, and their projections on some of the axes."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from operator import itemgetter
from typing import TYPE_CHECKING

from bootmatrix.screen.words import safe, squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bootmatrix.screen.contract import Shape

MOST_AXES = 6  # that are looked at: those with the fewest values
LONGEST_LABEL = 20  # columns

Key = tuple[int, ...]


class Space:
    """`axes` are those in which the cells differ, in the matrix's order; others are numbered by their places in it.

    A point has the place of its cell's value on each axis. A value that the axis does not name comes last, as does
    the lack of one.
    """

    def __init__(self, shape: Shape) -> None:
        self.names = list(shape.cells)
        values = {axis: _values(shape, axis) for axis in shape.axes}
        fewest = sorted((axis for axis in values if len(values[axis]) > 1), key=lambda axis: len(values[axis]))
        self.axes = [axis for axis in values if axis in fewest[:MOST_AXES]]
        self.labels = [[squeeze(safe(text), LONGEST_LABEL) for text in values[axis]] for axis in self.axes]
        places = [{text: place for place, text in enumerate(values[axis])} for axis in self.axes]
        self.points: list[Key] = [
            tuple(place[cell.get(axis, "")] for axis, place in zip(self.axes, places, strict=True))
            for cell in shape.cells.values()
        ]
        self._tests = _projections(self.points, [shape.tests.get(name, 0) for name in self.names], len(self.axes))

    def tests(self, axes: Sequence[int]) -> Counter[Key]:
        """How many tests there are for each combination of values on these axes, in ascending order of the axes."""
        return self._tests[tuple(axes)]


def _values(shape: Shape, axis: str) -> list[str]:
    """The axis's values that cells have, in its order, then any others."""
    present = dict.fromkeys(cell.get(axis, "") for cell in shape.cells.values())
    return [
        *(text for text in dict.fromkeys(shape.axes[axis]) if text in present),
        *present.keys() - {*shape.axes[axis]},
    ]


def _projections(points: Sequence[Key], tests: Sequence[int], axes: int) -> dict[Key, Counter[Key]]:
    """For each set of axes the tests of each point of it; made from the smallest of those with one axis more."""
    whole = tuple(range(axes))
    made: dict[Key, Counter[Key]] = {whole: Counter()}
    for point, count in zip(points, tests, strict=True):
        made[whole][point] += count
    for size in range(axes - 1, -1, -1):
        for chosen in combinations(range(axes), size):
            larger = [tuple(sorted((*chosen, axis))) for axis in range(axes) if axis not in chosen]
            source = min(larger, key=lambda key: len(made[key]))
            made[chosen] = _project(made[source], [source.index(axis) for axis in chosen])
    return made


def _project(source: Counter[Key], places: Sequence[int]) -> Counter[Key]:
    projected: Counter[Key] = Counter()
    pick = picker(places)
    for point, count in source.items():
        projected[pick(point)] += count
    return projected


def picker(places: Sequence[int]) -> Callable[[Key], Key]:
    """What takes the parts at these places out of a point, as a tuple however few they are."""
    if not places:
        return lambda _point: ()
    if len(places) == 1:
        (place,) = places
        return lambda point: (point[place],)
    return itemgetter(*places)
