"""Messages about a matrix, held against what they must begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def begin_with(told: Sequence[str], expected: Sequence[str]) -> None:
    assert len(told) == len(expected), told
    for message, start in zip(told, expected, strict=True):
        assert message.startswith(start)
