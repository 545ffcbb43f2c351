from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootmatrix.errors import UserError
from bootmatrix.schedule import shard
from bootmatrix.schedule.shard import Shard

CELLS = st.dictionaries(st.text("abc-123", min_size=1), st.floats(0, 1e4), min_size=1, max_size=80)


@given(CELLS, st.integers(1, 9))
def test_every_cell_is_in_exactly_one_part(seconds: dict[str, float], of: int) -> None:
    parts = [shard.cells(Shard(number, of), seconds) for number in range(1, of + 1)]
    assert sorted(cell for part in parts for cell in part) == sorted(seconds)


@given(CELLS, st.integers(1, 9))
def test_the_parts_depend_on_the_cells_and_their_times_only(seconds: dict[str, float], of: int) -> None:
    backwards = dict(reversed(seconds.items()))
    assert shard.cells(Shard(1, of), seconds) == shard.cells(Shard(1, of), backwards)


@given(st.lists(st.floats(0.5, 60), min_size=40, max_size=80), st.integers(2, 5))
def test_the_parts_are_about_equally_long(lengths: list[float], of: int) -> None:
    seconds = {str(number): length for number, length in enumerate(lengths)}
    sums = [sum(seconds[cell] for cell in shard.cells(Shard(number, of), seconds)) for number in range(1, of + 1)]
    assert max(sums) <= 1.25 * sum(lengths) / of + max(lengths)


def test_small_changes_of_times_move_no_cell() -> None:
    before = {f"cell-{number}": 2.0 ** (number % 7) for number in range(40)}
    after = {cell: seconds * (1.03 if index % 2 else 0.97) for index, (cell, seconds) in enumerate(before.items())}
    assert [shard.cells(Shard(n, 3), before) for n in (1, 2, 3)] == [shard.cells(Shard(n, 3), after) for n in (1, 2, 3)]


def test_cells_of_no_time_are_spread_as_well() -> None:
    sizes = [len(shard.cells(Shard(number, 4), dict.fromkeys("abcdefghijk", 0.0))) for number in range(1, 5)]
    assert all(abs(one - other) <= 1 for one, other in pairwise(sizes))


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "1", "a/b", "-1/4", "1/4/2", "1/1001", "", "\uff11/4"])
def test_what_is_no_part_is_said(text: str) -> None:
    with pytest.raises(UserError, match="write 1/4"):
        shard.parse(text)


def test_a_part_is_read_as_it_is_written() -> None:
    assert shard.parse("2/4") == Shard(2, 4)
    assert str(Shard(2, 4)) == "2/4"
