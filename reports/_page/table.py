"""All tests of a run as columns: texts once, numbers packed, so that a browser has 100,000 of them at once."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bootmatrix.model import BUILTIN, RANKS, SEVERITY, Verdict

from .consoles import SHOWN
from .groups import Groups
from .packing import little, packed
from .pairs import Pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.model import Result, Run

UNTOLD = RANKS[Verdict.PASSED]  # from here on no console is shown
REASON = 160  # characters of a reason that are in the list
REASONS = 4 << 20  # characters of all of them


@dataclass
class Column:
    """Texts by number; 0 is no text at all."""

    values: dict[str, int] = field(default_factory=dict)
    at: array[int] = field(default_factory=lambda: array("I"))

    def add(self, text: str) -> None:
        self.at.append(self.values.setdefault(text, len(self.values) + 1))

    def fill(self, count: int) -> None:
        """The tests up to this one that have no text yet have none."""
        self.at.extend([0] * (count - len(self.at)))

    def plain(self) -> dict[str, Any]:
        return {"values": list(self.values), **packed(self.at, len(self.values))}


@dataclass
class Table:
    axes: Sequence[str]
    verdicts: bytearray = field(default_factory=bytearray)
    """Of each test, its rank in SEVERITY."""
    seconds: array[float] = field(default_factory=lambda: array("f"))
    tries: array[int] = field(default_factory=lambda: array("I"))
    reused: bytearray = field(default_factory=bytearray)
    cells: Column = field(default_factory=Column)
    names: Column = field(default_factory=Column)
    reasons: Column = field(default_factory=Column)
    keys: dict[str, Column] = field(default_factory=dict)
    groups: Groups = field(default_factory=Groups)
    pairs: Pairs = field(default_factory=Pairs)
    wanted: list[int] = field(default_factory=lambda: [0] * len(SEVERITY))
    """Bytes of consoles that could be shown, for each verdict."""
    reasons_left: int = REASONS

    def add(self, result: Result) -> None:
        rank, count = RANKS[result.verdict], len(self.verdicts)
        self.verdicts.append(rank)
        self.seconds.append(result.seconds)
        self.tries.append(len(result.attempts))
        self.reused.append(bool(result.reused))
        self.cells.add(result.cell)
        self.names.add(result.test)
        self.groups.add(result)
        self.pairs.add(result)
        if rank != UNTOLD:
            self._add_reason(result.reason, count)
        if rank < UNTOLD:
            self.wanted[rank] += sum(
                min(boot.console_bytes, SHOWN) for attempt in result.attempts for boot in attempt.boots
            )
        for key, text in result.axes.items():
            if key not in BUILTIN:
                self._add_value(key, text, count)
        self._add_value("test", result.axes.get("test") or result.test.partition("@")[0], count)

    def _add_reason(self, reason: str, count: int) -> None:
        text = reason[:REASON].partition("\n")[0]
        if text and (text in self.reasons.values or self.reasons_left > 0):
            self.reasons_left -= len(text) * (text not in self.reasons.values)
            self.reasons.fill(count)
            self.reasons.add(text)

    def _add_value(self, key: str, text: str, count: int) -> None:
        column = self.keys.get(key) or self.keys.setdefault(key, Column())
        column.fill(count)
        column.add(text)

    def key_names(self) -> list[str]:
        """The axes in the matrix's order, then the tests' parameters and what is implied, then `test`."""
        others = [key for key in self.keys if key not in self.axes and key != "test"]
        return [*(key for key in self.axes if key in self.keys), *others, *(["test"] if "test" in self.keys else [])]

    def counts(self) -> list[int]:
        """How many tests have each verdict of SEVERITY."""
        return [self.verdicts.count(rank) for rank in range(len(SEVERITY))]

    def rooms(self, budget: int) -> list[int]:
        """Bytes of consoles that each verdict may have: the worst first, until nothing is left."""
        rooms = []
        for wanted in self.wanted:
            rooms.append(min(wanted, budget))
            budget -= rooms[-1]
        return rooms

    def columns(self) -> dict[str, Any]:
        for column in (self.reasons, *self.keys.values()):
            column.fill(len(self.verdicts))
        return {
            "count": len(self.verdicts),
            "verdicts": packed(self.verdicts, len(SEVERITY)),
            "seconds": little(self.seconds),
            "tries": packed(self.tries, max(self.tries, default=0)),
            "reused": packed(self.reused, 1),
            "cells": self.cells.plain(),
            "names": self.names.plain(),
            "reasons": self.reasons.plain(),
            "keys": [self.keys[key].plain() for key in self.key_names()],
        }


def of(run: Run) -> Table:
    """Goes over the results once."""
    table = Table(run.axes)
    for result in run.results:
        table.add(result)
    return table
