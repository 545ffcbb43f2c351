"""The parts of a difference between two counts: each is one function's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.counting import tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bootmatrix.model import Run

KEPT = 50  # functions of a difference
TOLD = 5


@dataclass(frozen=True)
class Part:
    """A function, all of one name together, and its instructions on both sides."""

    name: str
    before: int
    after: int


@dataclass(frozen=True)
class Tables:
    """Those of a run in a folder."""

    run: Run
    folder: Path

    def of(self, tests: set[str]) -> dict[str, Counter[str]]:
        """The instructions by function, of the tests with these ids that have a table."""
        found = {}
        for result in self.run.results if tests else ():
            rows = tables.read(result, tables.FUNCTIONS, self.folder) if result.id in tests else []
            if rows:
                found[result.id] = Counter[str]()
            for name, _, (count,) in rows:
                found[result.id][name] += count
        return found


def parts(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Part, ...]:
    """The largest difference first."""
    found = (Part(name, before.get(name, 0), after.get(name, 0)) for name in {**before, **after})
    differing = (part for part in found if part.before != part.after)
    return tuple(sorted(differing, key=lambda part: (-abs(part.after - part.before), part.name))[:KEPT])


def told(found: Sequence[Part]) -> str:
    """In words, such as `memcpy +12,000, printf -31`; empty where nothing is known."""
    first = ", ".join(f"{part.name} {part.after - part.before:+,}" for part in found[:TOLD])
    return first + (f" and {len(found) - TOLD:,} more" if len(found) > TOLD else "")
