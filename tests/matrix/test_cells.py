"""What a cell is called, what it has on an axis, and what fits it."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bootmatrix.matrix.expanding import cells
from bootmatrix.model import Cell

WORDS = st.text("abcxyz019", min_size=1, max_size=3)


@pytest.mark.parametrize("many", [3, cells.FEW + 1])
def test_parameters_may_be_gone_over_for_each_cell(many: int) -> None:
    every = cells.spread_params({"a": [str(number) for number in range(many)]})
    assert [*every] == [*every] == [{"a": str(number)} for number in range(many)]


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


@given(st.lists(WORDS), st.lists(st.text("ab*?[]!", max_size=4)))
def test_a_glob_is_unmatched_exactly_if_it_fits_nothing(choices: list[str], globs: list[str]) -> None:
    assert list(cells.unmatched(globs, choices)) == [glob for glob in globs if not cells.fitting([glob], choices)]
    assert all(cells.fits(text, globs) == (text in cells.fitting(globs, choices)) for text in choices)
