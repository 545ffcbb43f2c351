"""Numbers as a page's script reads them: in as few bytes as they need, the low one first, as base64."""

from __future__ import annotations

import base64
import sys
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTHS = {1: "B", 2: "H", 4: "I"}


def packed(numbers: Iterable[int], most: int) -> dict[str, Any]:
    """Numbers up to `most`, with how many bytes each has."""
    width = 1 if most < 1 << 8 else 2 if most < 1 << 16 else 4
    return {"width": width, "at": little(array(WIDTHS[width], numbers))}


def little(numbers: array[Any]) -> str:
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()
