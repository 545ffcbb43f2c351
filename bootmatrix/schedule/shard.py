"""A run in several parts, on several machines: whole cells, about equally long, the same parts wherever it is asked."""

from __future__ import annotations

import heapq
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 1000
STEPS = 4  # lengths are rounded to a factor of 2 ** (1 / STEPS): small changes of times move no cell


@dataclass(frozen=True)
class Shard:
    """Part `number` of `of`, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parse(text: str) -> Shard:
    """`2/4`; raises UserError."""
    found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    shard = Shard(int(found[1]), int(found[2])) if found else None
    if shard is None or not 1 <= shard.number <= shard.of <= MOST:
        what = f"--shard '{text}' is no part of a run"
        raise UserError(Problem(what, remedy=f"write 1/4 for the first of four parts; {MOST} are possible"))
    return shard


def cells(shard: Shard, seconds: Mapping[str, float]) -> frozenset[str]:
    """The cells of a part; `seconds` are what each cell of the whole takes.

    Depends on nothing else: with the same times, every machine comes to the same parts, and each cell is in one of
    them. The longest cell first, to the part that has least (as `board` does).
    """
    parts = [(0.0, number) for number in range(1, shard.of + 1)]
    mine = set()
    for cell in sorted(seconds, key=lambda cell: (-_rounded(seconds[cell]), cell)):
        length, number = heapq.heappop(parts)
        heapq.heappush(parts, (length + _rounded(seconds[cell]), number))
        if number == shard.number:
            mine.add(cell)
    return frozenset(mine)


def _rounded(seconds: float) -> float:
    return 2 ** (round(STEPS * math.log2(max(seconds, 1e-3))) / STEPS)
