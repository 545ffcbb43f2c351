"""Finds the boots of a pair that ran at about the same time, when the host was equally fast for both. Pure.

Partners that boot one right after the other, now this one first and now that, are as good as side by side: whatever the
host does, it does to about as many of the one as of the other. That is known of a run by what lay astride a moment: of
partners that take turns only as many as there are boots at once had one boot end before, and the other begin after.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bootmatrix.compare.pairs import Pair
    from bootmatrix.history.point import Span

NEAR = 10.0  # seconds that may pass between partners, or as long as the longer of them takes
FEW, SHARE = 3, 8  # couples that may lie astride a moment: so many, or one of so many


def orders_of(pairs: Sequence[Pair]) -> list[dict[str, int]]:
    """For each pair the runs in which its boots were side by side, and which came first there: 1 that of `before`, -1
    that of `after`, 0 if a part of both was at the same time.
    """
    couples: defaultdict[str, list[tuple[int, Span, Span]]] = defaultdict(list)
    for number, pair in enumerate(pairs):
        for run in pair.before.spans.keys() & pair.after.spans.keys():
            couples[run].append((number, pair.before.spans[run], pair.after.spans[run]))
    found: list[dict[str, int]] = [{} for _ in pairs]
    for run, each in couples.items():
        near = [(number, a, b) for number, a, b in each if _gap(a, b) <= max(NEAR, _length(a), _length(b))]
        if _astride([(a, b) for _, a, b in near]) <= max(FEW, len(near) // SHARE):
            for number, a, b in near:
                found[number][run] = _order(a, b)
    return found


def one_sided(orders: Collection[int]) -> bool:
    """Whether one side mostly came first, and the other never: what is first may be slower for that alone."""
    return 2 * abs(sum(orders)) > len(orders) and len({each for each in orders if each}) == 1


def _order(a: Span, b: Span) -> int:
    if _gap(a, b) < 0:
        return 0
    return 1 if a[0] < b[0] else -1


def _length(span: Span) -> float:
    return span[1] - span[0]


def _gap(first: Span, second: Span) -> float:
    """Seconds between the end of the one and the beginning of the other; negative if there is none."""
    return max(first[0], second[0]) - min(first[1], second[1])


def _astride(couples: Sequence[tuple[Span, Span]]) -> int:
    """How many couples, at the most, are parted by one moment."""
    gaps = [(min(a[1], b[1]), max(a[0], b[0])) for a, b in couples if _gap(a, b) > 0]
    ends = sorted([(begin, 1) for begin, _ in gaps] + [(end, -1) for _, end in gaps])
    return max(itertools.accumulate(step for _, step in ends), default=0)
