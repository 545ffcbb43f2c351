"""Orders tests that differ in one axis or parameter only so that they alternate (`--compare`). Pure.

Which comes first changes from group to group: A B, B A, A B. A host that becomes slower while they boot then does not
make one value of the axis slower than another. Chance decides of each two groups in which the first value leads, so
that no load that comes and goes at the same pace is always met by the same value.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence


@dataclass(frozen=True)
class Place:
    """`order` of a boot among all, and the `group` of those that are its partners, itself among them: their positions
    in what was asked.
    """

    order: int
    group: tuple[int, ...]


def in_turn(keys: Sequence[Hashable], seed: str) -> list[Place]:
    """For each boot, whose partners have the same key; the same for the same seed."""
    places: dict[int, Place] = {}
    for group in _turned(_groups(keys), seed):
        for number in group:
            places[number] = Place(len(places), group)
    return [places[number] for number in range(len(keys))]


def _groups(keys: Sequence[Hashable]) -> list[tuple[int, ...]]:
    found: dict[Hashable, list[int]] = {}
    for number, key in enumerate(keys):
        found.setdefault(key, []).append(number)
    return [tuple(group) for group in found.values()]


def _turned(groups: Sequence[tuple[int, ...]], seed: str) -> Iterator[tuple[int, ...]]:
    """Those that have partners, every other one the other way round; the first of each two as chance has it."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    back, even = False, True
    for group in groups:
        if len(group) > 1:
            back = chance.random() < 1 / 2 if even else not back  # a coin
            even = not even
            yield group[::-1] if back else group
        else:
            yield group
