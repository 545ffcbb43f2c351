"""A cached thing that `gc` may remove: a build, an image, a base, the folder of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = 24 * 3600.0


@dataclass(frozen=True)
class Item:
    """A thing that can be made again: `size` in bytes that would be free, `age` in seconds since it was last used;
    `remove` frees it, and raises InfrastructureError if that cannot be.
    """

    kind: str
    name: str
    size: int
    age: float
    remove: Callable[[], None]
