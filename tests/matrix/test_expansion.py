"""The expansion, by the rules of a GitHub Actions matrix; none of it is kept."""

from __future__ import annotations

import re

import pytest
from matrix.expanding import Axes, Rules, values

from bootmatrix.errors import UserError
from bootmatrix.matrix.expanding import expansion
from bootmatrix.model import Cell


def test_the_worked_example_of_githubs_documentation() -> None:
    # https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
    axes = {"fruit": ["apple", "pear"], "animal": ["cat", "dog"]}
    include = [
        {"color": ["green"]},
        {"color": ["pink"], "animal": ["cat"]},
        {"fruit": ["apple"], "shape": ["circle"]},
        {"fruit": ["banana"]},
        {"fruit": ["banana"], "animal": ["cat"]},
    ]
    assert values(axes, include=include) == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]


def test_the_order_is_that_of_the_axes_the_last_changing_fastest() -> None:
    found = [cell.id for cell in expansion.expand({"b": ["2", "1"], "a": ["x", "y"]})]
    assert found == ["2-x", "2-y", "1-x", "1-y"]


def test_an_exclude_may_name_some_axes_lists_and_globs() -> None:
    axes = {"backend": ["qemu", "solo5-spt", "solo5-hvt"], "arch": ["x86_64", "aarch64", "riscv64"]}
    found = values(
        axes, [{"backend": ["solo5-*"], "arch": ["aarch64", "risc*"]}, {"backend": ["qemu"], "arch": ["x*"]}]
    )
    assert [tuple(v.values()) for v in found] == [
        ("qemu", "aarch64"),
        ("qemu", "riscv64"),
        ("solo5-spt", "x86_64"),
        ("solo5-hvt", "x86_64"),
    ]


def test_excludes_come_before_includes() -> None:
    axes = {"a": ["x", "y"], "b": ["1", "2"]}
    found = values(axes, [{"a": ["x"]}], [{"a": ["x"], "b": ["1"]}])
    assert found == [{"a": "y", "b": "1"}, {"a": "y", "b": "2"}, {"a": "x", "b": "1"}]


def test_an_include_of_a_cell_that_is_there_adds_none() -> None:
    axes = {"a": ["x", "y"]}
    assert values(axes, include=[{"a": ["x"]}, {"a": ["z"]}, {"a": ["z"]}]) == [{"a": "x"}, {"a": "y"}, {"a": "z"}]


def test_an_included_value_may_be_overwritten_by_a_later_include_but_an_axis_never() -> None:
    found = values({"a": ["x", "y"]}, include=[{"k": ["1"]}, {"a": ["x"], "k": ["2"]}])
    assert found == [{"a": "x", "k": "2"}, {"a": "y", "k": "1"}]


def test_the_last_include_of_all_wins_whatever_axes_they_name() -> None:
    include = [{"a": ["x"], "k": ["1"]}, {"b": ["y"], "k": ["2"], "l": ["2"]}, {"a": ["x"], "k": ["3"]}]
    assert values({"a": ["x"], "b": ["y"]}, include=include) == [{"a": "x", "b": "y", "k": "3", "l": "2"}]


def test_an_includes_lists_and_globs_are_spread() -> None:
    axes = {"os": ["debian-12", "debian-13", "alpine"]}
    found = values(axes, include=[{"os": ["debian-*"], "k": ["1"]}, {"os": ["new", "newer"], "k": ["2"]}])
    assert [tuple(v.values()) for v in found] == [
        ("debian-12", "1"),
        ("debian-13", "1"),
        ("alpine",),
        ("new", "2"),
        ("newer", "2"),
    ]


def test_a_value_that_looks_like_a_glob_is_first_of_all_itself() -> None:
    assert values({"a": ["*", "x"]}, include=[{"a": ["*"], "k": ["1"]}]) == [{"a": "*", "k": "1"}, {"a": "x"}]


@pytest.mark.parametrize(
    ("axes", "first"),
    [
        ({"a": ["x y", "x_y"]}, "two cells have the id 'x_y': {a: x y} and {a: x_y}"),
        ({"a": ["p", "p-q"], "b": ["q-r", "r"]}, "two cells have the id 'p-q-r': {a: p, b: q-r} and {a: p-q, b: r}"),
        ({"a": ["é", "ü"]}, "two cells have the id '_'"),
        ({"a": ["", "_"]}, "two cells have the id '_'"),
        ({"a": [".x", "_x"]}, "two cells have the id '_x'"),
    ],
)
def test_two_cells_of_one_id_are_refused(axes: Axes, first: str) -> None:
    with pytest.raises(UserError, match=re.escape(first)):
        expansion.expand(axes)


@pytest.mark.parametrize(
    ("include", "first"),
    [
        ([{"a": ["p"], "k": ["x"]}], "two cells have the id 'p-x': {a: p, k: x} and {a: p-x}"),
        (
            [{"a": ["p-x"], "k": ["x"]}, {"a": ["p-x-x"]}],
            "two cells have the id 'p-x-x': {a: p-x, k: x} and {a: p-x-x}",
        ),
        ([{"a": ["p x", "p_x"]}], "two cells have the id 'p_x': {a: p x} and {a: p_x}"),
        ([{"b": ["p"], "a": ["q"]}, {"a": ["q-p"]}], "two cells have the id 'q-p': {a: q, b: p} and {a: q-p}"),
        ([{"a": ["q"], "k": ["x"]}, {"a": ["q-x"]}], "two cells have the id 'q-x': {a: q, k: x} and {a: q-x}"),
    ],
)
def test_so_are_those_that_includes_make(include: Rules, first: str) -> None:
    with pytest.raises(UserError, match=re.escape(first)):
        expansion.expand({"a": ["p", "p-x"]}, include=include)


def test_what_only_excluded_cells_would_make_alike_is_no_error() -> None:
    axes, include = {"a": ["p", "p-x"], "b": ["x-y", "y"]}, [{"a": ["p-x"], "k": ["y"]}, {"a": ["p"], "k": ["z"]}]
    found = expansion.expand(axes, [{"a": ["p"], "b": ["x-y"]}], include)
    assert [cell.id for cell in found] == ["p-y-z", "p-x-x-y-y", "p-x-y-y"]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("..", "_."),
        (".", "_"),
        ("-x", "_x"),
        ("../../etc", "_._.._etc"),
        ("$(id) é", "__id___"),
        ("", "_"),
        ("1.0+b_", "1.0+b_"),
    ],
)
def test_an_id_is_safe_in_a_path_and_on_a_command_line(value: str, name: str) -> None:
    (cell,) = expansion.expand({"a": [value]})
    assert cell == Cell(name, {"a": value})


def test_includes_that_multiply_without_end_are_refused() -> None:
    many = {f"k{i}": [str(n) for n in range(10)] for i in range(12)}
    with pytest.raises(UserError, match=r"the includes give more than 10,000 cells"):
        expansion.expand({"a": ["x"]}, include=[many])


def test_includes_that_change_too_many_cells_are_refused() -> None:
    axes = {"a": [str(n) for n in range(100)], "b": [str(n) for n in range(100)]}
    with pytest.raises(UserError, match="the includes match too many cells"):
        expansion.expand(axes, include=[{"k": [str(n)]} for n in range(2000)])
