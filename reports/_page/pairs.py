"""What came of tests that booted in turn, as the page draws it: the largest differences first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bootmatrix import paired
from bootmatrix.grouping import KEPT

if TYPE_CHECKING:
    from bootmatrix.model import PairFinding, Result

DRAWN = ("name", "verdict", "unit", "better", "before", "after", "change", "low", "high", "until", "boots")


@dataclass
class Pairs:
    """`left` are tests for which there was no room."""

    found: list[tuple[str, tuple[PairFinding, ...]]] = field(default_factory=list)
    left: int = 0

    def add(self, result: Result) -> None:
        if result.pairs and len(self.found) < KEPT:
            self.found.append((result.id, result.pairs))
        elif result.pairs:
            self.left += 1

    def plain(self) -> dict[str, Any]:
        return {
            "left": self.left,
            "tests": [
                {
                    "test": test,
                    "said": paired.sentence(found),
                    "base": found[0].base,
                    "value": found[0].value,
                    "measures": [_drawn(each) for each in found],
                }
                for test, found in paired.largest_first(self.found)
            ],
        }


def _drawn(found: PairFinding) -> dict[str, Any]:
    said = paired.clause(found) if found.name else ""
    return {**{key: getattr(found, key) for key in DRAWN}, "said": said}
