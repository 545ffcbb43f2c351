"""The expansion, by the rules of a GitHub Actions matrix."""

from __future__ import annotations

import contextlib
import itertools
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootmatrix.errors import UserError
from bootmatrix.matrix import cells
from bootmatrix.model import Cell

Axes = dict[str, list[str]]
Rules = list[dict[str, list[str]]]

WORDS = st.text("abcxyz019", min_size=1, max_size=3)
AXES = st.dictionaries(st.sampled_from("pqrs"), st.lists(WORDS, min_size=1, max_size=4, unique=True), min_size=1)


@st.composite
def axes_and_rules(draw: st.DrawFn) -> tuple[Axes, Rules]:
    axes = draw(AXES)
    globs = st.lists(
        st.one_of(
            st.sampled_from([text for choices in axes.values() for text in choices]),
            st.sampled_from(["*", "a*", "?", "[xyz]*"]),
        )
    )
    rule = st.dictionaries(st.sampled_from(sorted(axes)), globs.filter(bool), min_size=1)
    return axes, draw(st.lists(rule, max_size=4))


def values(axes: Axes, exclude: Rules | None = None, include: Rules | None = None) -> list[dict[str, str]]:
    return [dict(cell.values) for cell in cells.expand(axes, exclude or [], include or [])]


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
    found = [cell.id for cell in cells.expand({"b": ["2", "1"], "a": ["x", "y"]})]
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
        cells.expand(axes)


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
    (cell,) = cells.expand({"a": [value]})
    assert cell == Cell(name, {"a": value})


def test_what_the_matrix_does_not_name_is_implied() -> None:
    cell = Cell("x", {"backend": "solo5-spt", "compiler": ""})
    assert [cells.value(cell, axis) for axis in ("backend", "compiler", "os", "mine")] == [
        "solo5-spt",
        "",
        "debian-12",
        "",
    ]


def test_a_match_needs_every_key_and_any_of_its_globs() -> None:
    have = {"arch": "x86_64", "backend": "solo5-spt"}
    assert cells.matches(have, {})
    assert cells.matches(have, {"backend": ["qemu", "solo5-*"], "arch": ["x86_64"]})
    assert not cells.matches(have, {"backend": ["solo5-*"], "arch": ["riscv64"]})
    assert not cells.matches(have, {"mine": ["*"]})


def test_parameters_become_a_part_of_a_tests_id() -> None:
    assert cells.test_id("stack", {}) == "stack"
    assert cells.test_id("stack", {"depth": "10", "path": "/a b"}) == "stack@depth=10,path=_a_b"
    assert list(cells.spread_params({})) == [{}]
    assert list(cells.spread_params({"a": ["1", "2"], "b": ["3"]})) == [{"a": "1", "b": "3"}, {"a": "2", "b": "3"}]


def test_includes_that_multiply_without_end_are_refused() -> None:
    many = {f"k{i}": [str(n) for n in range(10)] for i in range(12)}
    with pytest.raises(UserError, match=r"the includes multiply to more than 10,000 cells"):
        cells.expand({"a": ["x"]}, include=[many])


def test_includes_that_change_too_many_cells_are_refused() -> None:
    axes = {"a": [str(n) for n in range(100)], "b": [str(n) for n in range(100)]}
    with pytest.raises(UserError, match="the includes change too many cells"):
        cells.expand(axes, include=[{"k": [str(n)]} for n in range(2000)])


@given(AXES)
def test_the_product_has_every_combination_once_and_in_order(axes: Axes) -> None:
    found = values(axes)
    assert found == [dict(zip(axes, each, strict=True)) for each in itertools.product(*axes.values())]
    assert len(found) == cells.count(axes) == math.prod(map(len, axes.values()))


@given(axes_and_rules())
def test_an_exclude_takes_what_matches_it_and_nothing_else(made: tuple[Axes, Rules]) -> None:
    axes, rules = made
    kept = [cell for cell in cells.expand(axes) if not any(cells.matches(cell.values, rule) for rule in rules)]
    assert cells.expand(axes, rules) == kept


@given(axes_and_rules(), axes_and_rules())
def test_ids_and_cells_are_unique_whatever_is_included(made: tuple[Axes, Rules], other: tuple[Axes, Rules]) -> None:
    axes, exclude = made
    with contextlib.suppress(UserError):
        found = cells.expand(axes, exclude, [*made[1], *other[1]])
        assert len({cell.id for cell in found}) == len(found)


@given(st.lists(WORDS), st.lists(st.text("ab*?[]!", max_size=4)))
def test_a_glob_is_unmatched_exactly_if_it_fits_nothing(choices: list[str], globs: list[str]) -> None:
    assert list(cells.unmatched(globs, choices)) == [glob for glob in globs if not cells.fitting([glob], choices)]
    assert all(cells.fits(text, globs) == (text in cells.fitting(globs, choices)) for text in choices)
