"""The grid of a matrix, as text."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st
from rich.cells import cell_len
from screen.screens import shape

from bootmatrix.screen.contract import Shape
from bootmatrix.screen.signs import ASCII, UNICODE
from bootmatrix.screen.tally import Tally

if TYPE_CHECKING:
    import random


def shown(tally: Tally, running: tuple[str, ...] = ()) -> list[str]:
    return ["".join(text for text, _ in line) for line in tally.lines(running)]


def tally(what: Shape, width: int = 79, height: int = 12) -> Tally:
    return Tally(what, UNICODE, width, height)


def test_24_cells_of_12_tests_show_every_test() -> None:
    filled = tally(shape())
    for verdict in ("passed", "failed", "passed"):
        filled.add("clang-debian-12-x86_64-solo5-hvt", verdict)
    filled.add("gcc-debian-13-riscv64-qemu", "skipped")
    assert shown(filled, ("gcc-debian-12-x86_64-qemu", "unheard-of")) == [
        "                      gcc                         clang",
        "                      debian-12     debian-13     debian-12     debian-13",
        "x86_64  qemu          ►···········  ············  ············  ············",
        "        solo5-hvt     ············  ············  F■■·········  ············",
        "        solo5-spt     ············  ············  ············  ············",
        "        solo5-virtio  ············  ············  ············  ············",
        "aarch64 qemu          ············  ············  ············  ············",
        "riscv64 qemu          ············  -···········  ············  ············",
    ]


def test_in_a_small_terminal_axes_are_summed_up() -> None:
    assert shown(tally(shape(), 59, 7)) == [
        "              gcc                   clang",
        "              debian-12  debian-13  debian-12  debian-13",
        "qemu          ·········· ·········· ·········· ··········",
        "solo5-hvt     ·········· ·········· ·········· ··········",
        "solo5-spt     ·········· ·········· ·········· ··········",
        "solo5-virtio  ·········· ·········· ·········· ··········",
    ]


def test_one_cell_with_many_tests_is_a_grid_of_tests() -> None:
    one = shape({"os": ["debian-12"], "arch": ["x86_64"]}, 200)
    filled = tally(one)
    for _ in range(90):
        filled.add("debian-12-x86_64", "passed")
    assert shown(filled) == ["■" * 79, "■" * 11 + "·" * 68, "·" * 42]


def test_many_cells_with_one_test_keep_the_axes_that_can_be_read() -> None:
    many = shape({"a": ["one", "two"], "b": [f"b{i}" for i in range(50)], "c": ["x", "y", "z"]}, 1)
    assert shown(tally(many)) == [
        f"{row}  {'·' * 50}" for row in ("one x", "    y", "    z", "two x", "    y", "    z")
    ]


def test_the_last_resort_is_a_bar() -> None:
    assert shown(tally(shape({"os": [f"os-{i}" for i in range(500)]}, 30))) == ["·" * 79]


def test_cells_that_the_axes_do_not_tell_apart_or_that_lack_one_have_a_box() -> None:
    cells = {"a": {"arch": "x"}, "b": {"arch": "y", "extra": "1"}, "c": {"arch": "z"}, "d": {}}
    what = Shape({"arch": ["x", "y"]}, cells, dict.fromkeys(cells, 1), 4)
    filled = tally(what)
    filled.add("c", "failed")
    filled.add("d", "passed")
    assert sorted("".join(shown(filled))) == sorted("xyzF■··" + " " * (len("".join(shown(filled))) - 7))


def test_a_result_of_an_unknown_cell_is_counted() -> None:
    filled = tally(shape())
    filled.add("unheard-of", "failed")
    assert sum(filled.counts) == 1


def test_nothing_to_do_is_no_reason_to_fail() -> None:
    assert shown(tally(Shape({}, {}, {}, 0))) == [""]


def test_what_was_counted_stays_when_the_terminal_changes() -> None:
    filled = tally(shape())
    for cell in shape().cells:
        filled.add(cell, "failed")
    filled.resize(40, 5)
    filled.resize(199, 25)
    assert sum(line.count("F") for line in shown(filled)) == 24


AXIS = st.lists(st.text("ab-12é日", min_size=1, max_size=30), min_size=1, max_size=8, unique=True)


@settings(deadline=None)
@given(
    st.lists(AXIS, max_size=4),
    st.integers(1, 300),
    st.integers(1, 120),
    st.integers(1, 30),
    st.randoms(use_true_random=False),
)
def test_a_grid_fits_shows_all_cells_and_never_too_many_signs(
    values: list[list[str]], tests: int, width: int, height: int, chance: random.Random
) -> None:
    axes = {f"axis{index}": axis for index, axis in enumerate(values)}
    every = [dict(zip(axes, combination, strict=True)) for combination in itertools.product(*values)]
    kept = [cell for cell in every if chance.random() < 0.7] or every  # as excludes would
    cells = {str(index): cell for index, cell in enumerate(kept)}
    filled = Tally(Shape(axes, cells, dict.fromkeys(cells, tests), tests * len(cells)), ASCII, width, height)
    for cell in cells:
        filled.add(cell, "passed")
    lines = shown(filled)
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    assert len(lines) == filled.grid.height


@pytest.mark.parametrize(("cells", "tests"), [(24, 12), (1, 500), (500, 1), (3000, 2)])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 50), (200, 50), (60, 15)])
def test_at_usual_sizes_it_takes_half_of_the_terminal_at_most(cells: int, tests: int, width: int, height: int) -> None:
    axes = {"a": [f"a{i}" for i in range(max(1, cells // 12))], "b": [f"b{i}" for i in range(min(cells, 12))]}
    lines = shown(tally(shape(axes, tests), width - 1, height // 2))
    assert 1 <= len(lines) <= height // 2
