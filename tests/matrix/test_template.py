"""Placeholders in the matrix's texts."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bootmatrix.matrix import template


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{arch}", "x86_64"),
        ("a{arch}b{arch}", "ax86_64bx86_64"),
        ("{{arch}}", "{arch}"),
        ("{attempt}", "{attempt}"),
        ("{my-axis}", "1"),
        ("{}", "{}"),
        ("{3}", "{3}"),
        ("a{2,3}", "a{2,3}"),
        ("{ arch }", "{ arch }"),
        ("{arch", "{arch"),
        ("{arch}}", "x86_64}"),
        ("{arch.x}", "{arch.x}"),
        ("{arch!r}", "{arch!r}"),
    ],
)
def test_known_names_are_filled_in_and_all_else_stays(text: str, filled: str) -> None:
    assert template.fill(text, {"arch": "x86_64", "my-axis": "1"}) == filled


def test_a_value_is_never_filled_in_again() -> None:
    assert template.fill("{a}", {"a": "{b}", "b": "x"}) == "{b}"


def test_names_are_those_that_would_be_filled_in() -> None:
    assert template.names("{a} {{b}} {c-d} {4} {}") == {"a", "c-d"}


@given(st.text())
def test_without_values_only_doubled_braces_change(text: str) -> None:
    assert template.fill(text, {}) == text or "{{" in text
