"""The numbers that a test's metrics find on its console."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

from bootmatrix import patterns
from bootmatrix.model import Measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bootmatrix.matrix.parts import Metric

LONGEST = 64  # characters of a number


def found(wanted: Mapping[str, Metric], console: str) -> tuple[Measure, ...]:
    """Those that the console shows, in the order of the matrix. UserError if an expression takes too long on it."""
    return tuple(
        Measure(name, value, metric.unit, metric.better or "")
        for name, metric in wanted.items()
        if (value := _taken(metric, console)) is not None
    )


def _taken(metric: Metric, console: str) -> float | None:
    """One of the numbers that the guest printed; texts that are no finite number are passed over."""
    numbers = _numbers(metric.regex, console)
    match metric.take:
        case "first":
            return next(numbers, None)
        case "lowest":
            return min(numbers, default=None)
        case "highest":
            return max(numbers, default=None)
    last = None
    for last in numbers:  # noqa: B007
        pass
    return last


def _numbers(expression: str, console: str) -> Iterator[float]:
    for match in patterns.every(expression, console):
        text = match[1] or ""
        if len(text) <= LONGEST and text.isascii() and "_" not in text:
            with contextlib.suppress(ValueError):
                number = float(text)
                if math.isfinite(number):
                    yield number
