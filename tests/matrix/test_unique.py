"""Texts that are joined from parts: whether the parts alone show that they differ."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, strategies as st

from bootmatrix.matrix.expanding import unique

if TYPE_CHECKING:
    from collections.abc import Sequence

PARTS = st.lists(st.text("a-b", max_size=4), min_size=1, max_size=4)


def differ(lists: Sequence[Sequence[str]], others: Sequence[str]) -> bool:
    """The same, found out from the texts."""
    texts = [*map("".join, itertools.product(*lists)), *others]
    return len(set(texts)) == len(texts)


@given(st.lists(PARTS, min_size=1, max_size=5), st.lists(st.text("a-b", max_size=8), max_size=3))
@example([["p", "p-q"], ["-q-r", "-r"]], [])
@example([["a", "a-b"], ["-b-c", "-x"], ["-d", "-c-d"]], [])
@example([["a", ""], ["", "b"], ["", "a"]], [])
@example([["a", "b"], ["-c"]], ["a-c"])
@example([["a", "b"], ["-c"]], ["a-d", "a-d"])
def test_it_is_sure_exactly_if_all_texts_differ(lists: list[list[str]], others: list[str]) -> None:
    assert unique.is_sure(lists, others) == differ(lists, others)


def test_where_it_takes_too_long_it_is_not_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = [["a", "a-b"], ["-b-c", "-d"], ["-e"]]
    assert unique.is_sure(lists)
    monkeypatch.setattr(unique, "MOST", 1)
    assert not unique.is_sure(lists)


@pytest.mark.parametrize(
    "lists",
    [
        [[str(number) for number in range(100_000)], ["-a", "-b"]],
        [["a" * length for length in range(1, 129)], ["-" + "a" * length for length in range(1, 129)]],
        [["a" + "-a" * length for length in range(60)] + ["x"], ["-y" + "-a" * length for length in range(60)]],
        [[f"-a{'-a' * length}-{end}" for length in range(30) for end in range(30)] for _ in range(3)],
    ],
    ids=["many", "nested", "dashes", "mixed"],
)
def test_whatever_the_parts_it_costs_little(lists: list[list[str]]) -> None:
    started = time.process_time()
    unique.is_sure(lists)
    assert time.process_time() - started < 5
