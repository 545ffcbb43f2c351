"""Changes and frequencies as shares."""

from __future__ import annotations

Bounded = tuple[float, float, float]
"""A rate, and the bounds of its 95% interval."""


def relative(old: float, new: float) -> float:
    """The change as a share of what was; 0 where that was nothing, and no share says it."""
    return (new - old) / abs(old) if old else 0.0


def interval(hits: int, of: int) -> Bounded:
    """How often something happened in so many cases (Wilson's interval)."""
    from scipy.stats import binomtest  # noqa: PLC0415

    if not of:
        return 0.0, 0.0, 1.0
    found = binomtest(hits, of).proportion_ci(method="wilson")
    return hits / of, float(found.low), float(found.high)
