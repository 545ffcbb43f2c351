from __future__ import annotations

import time

import pytest

from bootmatrix import patterns
from bootmatrix.errors import UserError
from bootmatrix.matrix.keys.parts import Expect, Pattern


def first(wanted: object, text: str, start: int = 0) -> int:
    (pattern,) = Expect.model_validate({"console": [wanted]}).console
    return patterns.find(pattern, text, start)


@pytest.mark.parametrize(
    ("wanted", "text", "end"),
    [
        ("b", "abc", 2),
        ("x", "abc", -1),
        (".", "abc", -1),
        ({"regex": "b+"}, "abbc", 3),
        ({"regex": "^c"}, "ab\nc", 4),
        ({"regex": "a$"}, "a\nb", 1),
        ({"regex": "^b"}, "ab", -1),
        ({"regex": "a.c"}, "a\nc", -1),
    ],
)
def test_a_pattern_is_found_at_the_end_of_its_first_match(wanted: object, text: str, end: int) -> None:
    assert first(wanted, text) == end


def test_a_search_starts_where_it_is_told() -> None:
    assert first("a", "a-a", 1) == 3
    assert first({"regex": "a"}, "a-a", 1) == 3


def test_every_match_comes_in_order() -> None:
    assert [match[1] for match in patterns.every(r"(\d)", "1 2 3")] == ["1", "2", "3"]


def test_a_search_that_explodes_is_ended_and_blamed_on_its_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.2)
    before = time.monotonic()
    with pytest.raises(UserError, match=r"\(a\+\)\+\$"):
        patterns.search("(a|a)+(a+)+$", "a" * 50 + "b")
    with pytest.raises(UserError):
        list(patterns.every("(a|a)+(a+)+$", "a" * 50 + "b"))
    assert time.monotonic() - before < 20


def test_a_search_that_needs_too_much_memory_is_blamed_on_its_expression_too() -> None:
    """Of a long text `regex` gives up before the time is over."""
    with pytest.raises(UserError, match=r"'\(a\|a\)\+\$' took too much memory on this text"):
        patterns.search("(a|a)+$", "a" * (8 << 20) + "b")


@pytest.mark.parametrize("expression", ["EXIT: STATUS=(\\d+)", "^never$", "x{3}y"])
def test_a_simple_search_through_a_long_console_is_not_taken_for_an_explosion(expression: str) -> None:
    assert patterns.search(expression, "xx\n" * 3_000_000) is None


def test_an_expression_that_cannot_be_compiled_is_the_users_error() -> None:
    with pytest.raises(UserError, match="not a regular expression"):
        patterns.find(Pattern.model_construct(regex="(", text=""), "text")
