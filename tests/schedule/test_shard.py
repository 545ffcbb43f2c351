from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from bootmatrix.errors import UserError
from bootmatrix.schedule import shard
from bootmatrix.schedule.shard import Shard, Weight

WEIGHTS = st.builds(Weight, st.floats(0, 1e4), st.integers(1, 9), st.sampled_from(["", "debian", "alpine", "fedora"]))
CELLS = st.dictionaries(st.text("abc-123", min_size=1), WEIGHTS, min_size=1, max_size=80)


def of_one_image(lengths: list[float]) -> dict[str, Weight]:
    return {f"cell-{number}": Weight(seconds) for number, seconds in enumerate(lengths)}


@given(CELLS, st.integers(1, 9))
def test_every_cell_is_in_exactly_one_part(cells: dict[str, Weight], of: int) -> None:
    parts = shard.parts(of, cells)
    assert len(parts) == of
    assert sorted(cell for part in parts for cell in part.cells) == sorted(cells)
    assert sum(part.tests for part in parts) == sum(cell.tests for cell in cells.values())


@given(CELLS, st.integers(1, 9))
def test_no_part_is_empty_while_another_has_cells_to_give(cells: dict[str, Weight], of: int) -> None:
    assert sum(bool(part.cells) for part in shard.parts(of, cells)) == min(of, len(cells))


@given(CELLS, st.integers(1, 9))
def test_the_parts_depend_on_the_cells_and_their_times_only(cells: dict[str, Weight], of: int) -> None:
    assert shard.parts(of, cells) == shard.parts(of, dict(reversed(cells.items())))


@given(st.lists(st.floats(0.5, 60), min_size=40, max_size=80), st.integers(2, 5))
def test_the_parts_are_about_equally_long(lengths: list[float], of: int) -> None:
    sums = [part.seconds for part in shard.parts(of, of_one_image(lengths))]
    assert max(sums) <= 1.25 * sum(lengths) / of + max(lengths)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60))
def test_as_many_parts_as_equal_images_have_one_each(names: list[str]) -> None:
    cells = {f"{image}-{number}": Weight(1.0, 1, image) for image in set(names) for number in range(10)}
    parts = shard.parts(len(set(names)), cells)
    assert sorted(part.images for part in parts) == sorted((image,) for image in set(names))


def test_fewer_parts_than_images_take_whole_images() -> None:
    cells = {f"{image}-{number}": Weight(5.0, 1, image) for image in "abcdef" for number in range(4)}
    parts = shard.parts(3, cells)
    assert sorted(image for part in parts for image in part.images) == list("abcdef")
    assert [len(part.images) for part in parts] == [2, 2, 2]


def test_an_image_has_parts_by_its_time_and_may_be_split_among_few() -> None:
    long = {f"long-{number}": Weight(100.0, 1, "long") for number in range(60)}
    short = {f"{image}-{number}": Weight(1.0, 1, image) for image in ("one", "two") for number in range(3)}
    assert [part.images for part in shard.parts(8, long | short)].count(("long",)) == 6
    assert all("long" in part.images for part in shard.parts(2, long | short))


def test_small_changes_of_times_move_no_cell() -> None:
    before = of_one_image([2.0 ** (number % 7) for number in range(40)])
    after = {
        cell: Weight(weight.seconds * (1.03 if index % 2 else 0.97))
        for index, (cell, weight) in enumerate(before.items())
    }
    assert [part.key for part in shard.parts(3, before)] == [part.key for part in shard.parts(3, after)]


def test_cells_of_no_time_are_spread_as_well() -> None:
    sizes = [len(part.cells) for part in shard.parts(4, dict.fromkeys("abcdefghijk", Weight(0.0)))]
    assert all(abs(one - other) <= 1 for one, other in pairwise(sizes))


@given(CELLS)
def test_a_key_changes_with_the_cells_and_the_number_of_their_tests(cells: dict[str, Weight]) -> None:
    (part,) = shard.parts(1, cells)
    (more,) = shard.parts(1, cells | {"other": Weight(1.0)})
    name, weight = next(iter(cells.items()))
    (fuller,) = shard.parts(1, cells | {name: Weight(weight.seconds, weight.tests + 1, weight.image)})
    assert len({part.key, more.key, fuller.key}) == 3
    assert shard.parse(f"1/1@{part.key}").key == part.key


WRONG = ["0/4", "5/4", "1/0", "1", "a/b", "-1/4", "1/4/2", "1/1001", "", "\uff11/4", "1/4@", "1/4@xyz", "1/4@0A1B2C3D"]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_part_is_said(text: str) -> None:
    with pytest.raises(UserError, match=re.escape("write 1/4")):
        shard.parse(text)


@pytest.mark.parametrize("text", ["2/4", "2/4@0a1b2c3d"])
def test_a_part_is_read_as_it_is_written(text: str) -> None:
    assert str(shard.parse(text)) == text
    assert shard.parse("2/4") == Shard(2, 4)
