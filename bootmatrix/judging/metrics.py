"""The numbers that a test's metrics find on its console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import patterns
from bootmatrix.model import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.matrix.keys.parts import Metric


def found(wanted: Mapping[str, Metric], console: str) -> tuple[Measure, ...]:
    """Those that the console shows, in the order of the matrix. UserError if an expression takes too long on it."""
    return tuple(
        Measure(name, value, metric.unit, metric.better or "")
        for name, metric in wanted.items()
        if (value := _taken(metric, console)) is not None
    )


def _taken(metric: Metric, console: str) -> float | None:
    """One of the numbers that the guest printed; texts that are no finite number are passed over."""
    numbers = patterns.numbers(metric.regex, console)
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
