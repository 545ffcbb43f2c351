"""How often chance alone makes what was seen, between 0 and 1: by counts, by the order of two samples, of many tests.

SciPy is imported where it is asked: to import it takes longer than most commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REAL = 0.01  # how often chance may make a difference that is called real
EXACT = 10  # numbers in the smaller sample for which it is counted out

Split = tuple[int, int]


def of_counts(one: Split, other: Split) -> float:
    """Of two sides, each with how often something was so, and how often not (Fisher's exact test)."""
    from scipy.stats import fisher_exact  # noqa: PLC0415

    return float(fisher_exact([one, other])[1])


def of_order(before: Sequence[float], after: Sequence[float]) -> float:
    """That two samples are ordered so (Mann and Whitney): how far off their numbers are does not count."""
    from scipy.stats import mannwhitneyu  # noqa: PLC0415

    few = min(len(before), len(after)) <= EXACT
    return float(mannwhitneyu(after, before, method="exact" if few else "asymptotic").pvalue)


def of_many(each: Sequence[float], others: int = 0) -> list[float]:
    """Of a hundred tests some differ by chance: each as often as there are false ones among those called real
    (Benjamini and Hochberg). `others` were looked at too, and not found worth asking.
    """
    from scipy.stats import false_discovery_control  # noqa: PLC0415

    return [float(p) for p in false_discovery_control([*each, *[1.0] * others])[: len(each)]]
