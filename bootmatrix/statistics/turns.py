"""Things that are measured in turn, in blocks such as A B B A and B A A B, until their ratios are known well enough.

A block goes there and back: each thing comes once in a first half, whose order a coin decides, and again in the second,
the other way round. What a host does to them at a steady pace (it becomes warm, another job begins slowly) adds nothing
to the block's ratio then. And whatever it does, it was the coin that decided whom: of things that are equal each block
is as likely up as down. So Wilcoxon's signed ranks of the blocks need no word on how the noise is distributed, or how
much one block is like the next.

The end depends on how wide the intervals are, never on where they lie. Even so, to look again and again finds them
narrow a little too often where they are wrong: so each is made to be wrong half as often as is said.
`benchmarks/turning.py` counts how often they are. Pure.
"""

from __future__ import annotations

import itertools
import math
import random
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.statistics import signed_ranks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WRONG = 0.05  # how often any of the intervals may miss what is true
LOOKED = 2  # times as often is an interval wrong that was looked at until it was narrow
WARM = 1  # blocks at the beginning that do not count: files are read for the first time
EACH = 2  # times that a thing is measured in a block
MORE = 2.0  # times as many are told as reckoned: how wide the interval of so few is, is chance, too
WIDER = 1.2  # and times as wide an interval
FARTHEST = 690.0  # of a logarithm: e to the power of more is no number any more
OFTEN = 32  # blocks until which the intervals are looked at after each; then after each sixteenth more
SOME_MORE = 16


@dataclass(frozen=True)
class Ratio:
    """What one thing is to another, less 1: the middle of the blocks' ratios, and its interval, None of too few.

    `before` and `after` are both things' medians, `blocks` how many count.
    """

    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    blocks: int

    @property
    def half(self) -> float:
        """Half of the interval's width, as a share of what was measured; endless where there is none."""
        if self.low is None or self.high is None or self.low <= -1:
            return math.inf
        return _half(math.log1p(self.low), math.log1p(self.high))

    def needed(self, until: float) -> float:
        """How often each thing would probably have to be measured until half of the interval is so narrow, where it is
        not yet: the width falls with the root of how many blocks there are. Endless where that cannot be told.
        """
        narrower = math.log1p(self.half) / math.log1p(until)
        return EACH * (WARM + self.blocks * narrower**2 * MORE)

    def within(self, times: int) -> float:
        """How wide half of the interval would probably be if each were measured so often."""
        return math.expm1(WIDER * math.log1p(self.half) * math.sqrt(self.blocks / max(1, times / EACH - WARM)))


@dataclass
class Turns:
    """`sides` things, each held against the first, by measures of these `names`; each is measured `most` times at most.

    `until` is how wide half of each interval may be in the end, as a share. The same `seed` gives the same order.
    """

    sides: int
    names: Sequence[str]
    until: float
    most: int
    seed: str
    _orders: Iterator[tuple[int, ...]] = field(init=False)
    _blocks: list[list[Mapping[str, float]]] = field(default_factory=list)
    begun: int = 0
    """How many blocks, also those that do not count."""

    def __post_init__(self) -> None:
        self._orders = orders(self.sides, self.seed)

    @property
    def missed(self) -> float:
        """How often each single interval may miss, so that all together keep WRONG."""
        return WRONG / LOOKED / max(1, len(self.names) * (self.sides - 1))

    @property
    def fewest(self) -> int:
        """How often a thing must be measured at least for an interval."""
        return EACH * (WARM + signed_ranks.fewest(self.missed))

    def block(self) -> tuple[int, ...] | None:
        """Who is to be measured next, one after the other; None if enough is known."""
        if EACH * (self.begun + 1) > self.most or (self._looks() and self._is_known()):
            return None
        self.begun += 1
        return next(self._orders)

    @property
    def counted(self) -> int:
        """How many of the blocks that were begun count."""
        return max(0, self.begun - WARM)

    def counts(self) -> bool:
        """Whether the block that was begun last is one that counts."""
        return self.counted > 0

    def add(self, order: Sequence[int], found: Sequence[Mapping[str, float]]) -> None:
        """What was measured in a block, in its order."""
        if not self.counts():
            return
        sides: list[list[Mapping[str, float]]] = [[] for _ in range(self.sides)]
        for side, values in zip(order, found, strict=True):
            sides[side].append(values)
        self._blocks.append([_means(each, self.names) for each in sides])

    def ratio(self, side: int, name: str) -> Ratio | None:
        """None if it was never measured on both sides, or was not above 0."""
        both = self._both(side, name)
        if not both:
            return None
        differences = _differences(both)
        middle = signed_ranks.ranked(differences).middle
        found = signed_ranks.between(differences, self.missed)
        low, high = (None, None) if found is None else map(_less_1, found)
        before, after = (math.exp(statistics.median(values)) for values in zip(*both, strict=True))
        return Ratio(before, after, _less_1(middle), low, high, len(both))

    def _looks(self) -> bool:
        """Whether the intervals are looked at after so many blocks."""
        count = len(self._blocks)
        return count <= OFTEN or not count % max(1, count // SOME_MORE)

    def _is_known(self) -> bool:
        """What no block has measured is never known, and waits for none."""
        each = (self._both(side, name) for side in range(1, self.sides) for name in self.names)
        some = [both for both in each if both]
        return bool(some) and all(self._is_narrow(_differences(both)) for both in some)

    def _is_narrow(self, differences: Sequence[float]) -> bool:
        found = signed_ranks.between(differences, self.missed)
        return found is not None and _half(*found) <= self.until

    def _both(self, side: int, name: str) -> list[tuple[float, float]]:
        """The logarithms of the first and of this side, of the blocks that have both."""
        return [
            (block[0][name], block[side][name]) for block in self._blocks if name in block[0] and name in block[side]
        ]


def orders(sides: int, seed: str) -> Iterator[tuple[int, ...]]:
    """The blocks, each there and back, without an end."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    for _ in itertools.count():
        there = [*range(sides)]
        chance.shuffle(there)
        yield (*there, *reversed(there))


def _differences(both: Sequence[tuple[float, float]]) -> list[float]:
    return [after - before for before, after in both]


def _half(low: float, high: float) -> float:
    """Of logarithms, as a share."""
    return _less_1((high - low) / 2)


def _less_1(logarithm: float) -> float:
    """The ratio of that logarithm, less 1."""
    return math.expm1(min(logarithm, FARTHEST))


def _means(found: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """The logarithms' means of what was measured each time: a host that is slow makes all so many times slower."""
    return {
        name: statistics.fmean(math.log(values[name]) for values in found)
        for name in names
        if all(values.get(name, 0) > 0 for values in found)
    }
