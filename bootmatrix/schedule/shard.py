"""The shards of a run, for several machines: whole cells, few images, about equally long, the same everywhere."""

from __future__ import annotations

import heapq
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bootmatrix import keys
from bootmatrix.errors import Problem, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST = 1000
STEPS = 4  # lengths are rounded to a factor of 2 ** (1 / STEPS): small changes of times move no cell
KEY = 8  # hexadecimal digits
IMAGE = 60.0  # seconds that each shard spends on each of its images, about: to make it, or to fetch and load it

T = TypeVar("T")


@dataclass(frozen=True)
class Shard:
    """Shard `number` of `of`, counted from 1; `key` is what it must hold, empty if that is not known."""

    number: int
    of: int
    key: str = ""

    def __str__(self) -> str:
        return f"{self.number}/{self.of}" + (f"@{self.key}" if self.key else "")


@dataclass(frozen=True, slots=True)
class Weight:
    """What a cell adds to its shard: how long its tests take, in seconds, how many they are, and what it boots in."""

    seconds: float
    tests: int = 1
    image: str = ""


@dataclass(frozen=True)
class Part:
    """Some of the cells; `key` changes with any of them, and with the number of their tests."""

    cells: frozenset[str]
    images: tuple[str, ...]
    seconds: float
    tests: int
    key: str


@dataclass(frozen=True)
class _Piece:
    """Cells of one image that stay together, and how long they take, rounded."""

    image: str
    cells: tuple[str, ...]
    length: float


def parse(text: str) -> Shard:
    """`2/4`, or with its key `2/4@0a1b2c3d`; raises UserError."""
    found = re.fullmatch(rf"([0-9]{{1,4}})/([0-9]{{1,4}})(?:@([0-9a-f]{{{KEY}}}))?", text)
    shard = Shard(int(found[1]), int(found[2]), found[3] or "") if found else None
    if shard is None or not 1 <= shard.number <= shard.of <= MOST:
        what = f"--shard '{text}' is not a shard"
        raise UserError(Problem(what, remedy=f"write 1/4 for the first of four; at most {MOST}"))
    return shard


def parts(of: int, weights: Mapping[str, Weight]) -> list[Part]:
    """Each cell is in one of the shards; some are empty where there are fewer cells than shards.

    Depends on nothing else: with the same times, every machine comes to the same shards. An image gets as many of them
    as its time is worth; those that are worth less than one share one.
    """
    images: dict[str, list[str]] = {}
    for cell, weight in weights.items():
        images.setdefault(weight.image, []).append(cell)
    lengths = {cell: _rounded(weight.seconds) for cell, weight in weights.items()}
    pieces = [
        piece
        for image, count in _counts(of, images, lengths).items()
        for piece in _pieces(image, images[image], count, lengths)
    ]
    together = _balanced(of, {piece: (piece.length + IMAGE, piece.cells) for piece in pieces})
    return [_part(group, weights) for group in together]


def _counts(of: int, images: Mapping[str, Sequence[str]], lengths: Mapping[str, float]) -> dict[str, int]:
    """Into how many pieces the cells of each image go: all together at least `of`, if there are so many cells."""
    times = {image: IMAGE + math.fsum(lengths[cell] for cell in cells) for image, cells in images.items()}
    fair = math.fsum(times.values()) / of
    counts = {image: min(len(images[image]), max(1, round(times[image] / fair))) for image in sorted(images)}
    longest = [(-times[image] / count, image) for image, count in counts.items() if count < len(images[image])]
    heapq.heapify(longest)
    for _ in range(of - sum(counts.values())):
        if not longest:
            break
        _, image = heapq.heappop(longest)
        counts[image] += 1
        if counts[image] < len(images[image]):
            heapq.heappush(longest, (-times[image] / counts[image], image))
    return counts


def _pieces(image: str, cells: Sequence[str], count: int, lengths: Mapping[str, float]) -> list[_Piece]:
    groups = _balanced(count, {cell: (lengths[cell], cell) for cell in cells})
    return [_Piece(image, tuple(group), math.fsum(lengths[cell] for cell in group)) for group in groups]


def _balanced(count: int, things: Mapping[T, tuple[float, Any]]) -> list[list[T]]:
    """The longest first, to the group that has least (as `board` does); what is equally long by its second key."""
    groups: list[list[T]] = [[] for _ in range(count)]
    least = [(0.0, index) for index in range(count)]
    for thing in sorted(things, key=lambda thing: (-things[thing][0], things[thing][1])):
        length, index = least[0]
        heapq.heapreplace(least, (length + things[thing][0], index))
        groups[index].append(thing)
    return groups


def _part(pieces: Iterable[_Piece], weights: Mapping[str, Weight]) -> Part:
    cells = sorted(cell for piece in pieces for cell in piece.cells)
    found = [weights[cell] for cell in cells]
    key = keys.of(*((cell, weight.tests) for cell, weight in zip(cells, found, strict=True)))[:KEY]
    images = tuple(sorted({weight.image for weight in found}))
    return Part(
        frozenset(cells), images, math.fsum(weight.seconds for weight in found), sum(w.tests for w in found), key
    )


def _rounded(seconds: float) -> float:
    return 2 ** (round(STEPS * math.log2(max(seconds, 1e-3))) / STEPS)
