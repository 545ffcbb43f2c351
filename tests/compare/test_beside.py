"""Which boots were side by side, from when they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from histories import point

from bootmatrix.compare import beside, pairs

if TYPE_CHECKING:
    from bootmatrix.history.point import Span


def orders(before: list[Span], after: list[Span], run: str = "r1") -> list[dict[str, int]]:
    """Of so many tests, each booted once with both values."""
    points = [
        point(run, "P", f"t{number}", cell=f"gcc-{value}", values={"v": value}, span=span)
        for value, spans in (("a", before), ("b", after))
        for number, span in enumerate(spans)
    ]
    return beside.orders_of(pairs.of_axis(points, "v", "a", "b").both)


def row(*begins: float, length: float = 1.0) -> list[Span]:
    return [(begin, begin + length) for begin in begins]


def test_partners_in_turn_are_side_by_side() -> None:
    before = row(*(2 * n + n % 2 for n in range(20)))
    after = row(*(2 * n + 1 - n % 2 for n in range(20)))
    assert orders(before, after) == [{"r1": -1 if n % 2 else 1} for n in range(20)]


def test_partners_at_once_are_side_by_side_and_none_is_first() -> None:
    assert orders(row(0, 2, 4), row(0.5, 2.5, 3.5)) == [{"r1": 0}] * 3


@pytest.mark.parametrize("length", [0.001, 1.0, 60.0])
def test_one_side_after_the_other_is_not_however_short_the_boots_are(length: float) -> None:
    before = row(*(number * length for number in range(20)), length=length)
    after = row(*((20 + number) * length for number in range(20)), length=length)
    assert orders(before, after) == [{}] * 20


def test_one_that_was_put_off_is_not_and_the_others_are() -> None:
    assert orders(row(0, 2, 4), row(1, 3, 600)) == [{"r1": 1}, {"r1": 1}, {}]
    assert orders(row(0, length=60), row(100, length=60)) == [{"r1": 1}]  # long boots wait longer for each other


@pytest.mark.parametrize(
    ("ways", "one_sided"),
    [([1, 1, 1], True), ([-1, -1, 0], True), ([1, 1, -1], False), ([1, 0, 0], False), ([0, 0], False), ([], False)],
)
def test_who_came_first(ways: list[int], *, one_sided: bool) -> None:
    assert beside.one_sided(ways) is one_sided
