"""Coverage of boots: which of their unikernels' functions the tests of a run executed, summed over the matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix import results
from bootmatrix.counting import tables
from bootmatrix.results import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bootmatrix.model import Result, Run

ROWS = 5_000_000  # of all tables, that are added up
FUNCTIONS = 200_000  # that are told apart


@dataclass
class Function:
    """`known` and `executed` are the numbers of the cells whose unikernels have it, and of those that executed it;
    `boots` is how many boots did.
    """

    name: str
    file: str
    line: int = 0
    boots: int = 0
    known: set[int] = field(default_factory=set)
    executed: set[int] = field(default_factory=set)


@dataclass
class Coverage:
    """Functions of the same name and file are one; `boots` were added up, `left` were not: there were too many."""

    functions: dict[tuple[str, str], Function] = field(default_factory=dict)
    boots: int = 0
    left: int = 0
    _cells: dict[str, int] = field(default_factory=dict)
    _values: list[Mapping[str, str]] = field(default_factory=list)
    _rows: int = 0

    @property
    def executed(self) -> int:
        return sum(each.boots > 0 for each in self.functions.values())

    def add(self, result: Result, folder: Path) -> None:
        rows = tables.read(result, tables.COVERAGE, folder)
        if not rows:
            return
        self._rows += len(rows)
        if self._rows > ROWS or len(self.functions) + len(rows) > FUNCTIONS:
            self.left += 1
            return
        self.boots += 1
        cell = self._cells.setdefault(result.cell, len(self._cells))
        if cell == len(self._values):
            self._values.append(result.values)
        for name, file, (line, executed) in rows:
            found = self.functions.setdefault((name, file), Function(name, file, line))
            found.known.add(cell)
            if executed:
                found.executed.add(cell)
                found.boots += 1

    def never(self) -> list[Function]:
        """Those that no boot executed, by file."""
        return sorted((each for each in self.functions.values() if not each.boots), key=_place)

    def alone(self, axes: tuple[str, ...]) -> Iterator[tuple[str, str, list[Function]]]:
        """An axis, one of its values, and the functions that only boots with that value executed, though unikernels
        with other values have them too.
        """
        for axis in axes:
            found: dict[str, list[Function]] = {}
            for each in sorted(self.functions.values(), key=_place):
                values = self._of(axis, each.executed)
                if len(values) == 1 and len(self._of(axis, each.known)) > 1:
                    found.setdefault(values.pop(), []).append(each)
            yield from ((axis, value, found[value]) for value in sorted(found))

    def _of(self, axis: str, cells: set[int]) -> set[str]:
        return {self._values[cell].get(axis, "") for cell in cells}


def _place(each: Function) -> tuple[str, int, str]:
    return each.file, each.line, each.name


def of(run: Run, folder: Path) -> Coverage:
    """Of a run in a folder; goes over its results once, mostly without reading them."""
    found, folder = Coverage(), folder.resolve()
    name, told = tables.COVERAGE.encode(), run.results
    some = (results.decode(text) for text in told.texts() if name in text) if isinstance(told, Stored) else told
    for result in some:
        found.add(result, folder)
    return found
