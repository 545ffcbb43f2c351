"""A part of a difference between two counts: one function's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A function, all of one name together, and its instructions on both sides."""

    name: str
    before: int
    after: int
