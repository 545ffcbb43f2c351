"""Tests whose verdicts differ between the two sides. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.model import RANKS, STEADY_VERDICTS, Verdict
from bootmatrix.statistics import chance

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from bootmatrix.compare.pairs import Pair


@dataclass(frozen=True)
class Differing:
    """`before` and `after` are the usual verdicts, `words` both with their counts; `reason` is the worse side's."""

    name: str
    before: Verdict
    after: Verdict
    words: str
    reason: str


def differing(pairs: Iterable[Pair]) -> tuple[Differing, ...]:
    """The worst first."""
    found = [
        Differing(
            pair.name,
            usual(pair.before.verdicts),
            usual(pair.after.verdicts),
            f"{_words(pair.before.verdicts)} → {_words(pair.after.verdicts)}",
            _reason(pair),
        )
        for pair in pairs
        if _differ(pair.before.verdicts, pair.after.verdicts)
    ]
    return tuple(sorted(found, key=_rank))


def usual(verdicts: Counter[Verdict]) -> Verdict:
    """The most frequent, of several the worst; `skipped` only if there is no other."""
    known = {verdict: count for verdict, count in verdicts.items() if verdict != Verdict.SKIPPED} or verdicts
    return min(known, key=lambda verdict: (-known[verdict], RANKS[verdict]))


def _differ(before: Counter[Verdict], after: Counter[Verdict]) -> bool:
    """The usual verdict, or how often it is not simply good (Fisher's exact test)."""
    if usual(before) != usual(after):
        return True
    one, other = _split(before), _split(after)
    if not (one[1] or other[1]) or min(sum(one), sum(other)) <= 1:
        return False
    return chance.of_counts(one, other) <= chance.REAL


def _split(verdicts: Counter[Verdict]) -> tuple[int, int]:
    """How often it was simply good, and how often not."""
    told = {verdict: count for verdict, count in verdicts.items() if verdict != Verdict.SKIPPED}
    good = sum(count for verdict, count in told.items() if verdict in STEADY_VERDICTS)
    return good, sum(told.values()) - good


def _words(verdicts: Counter[Verdict]) -> str:
    word = usual(verdicts)
    return word if len(verdicts) == 1 else f"{word} ({verdicts[word]} of {verdicts.total()})"


def _reason(pair: Pair) -> str:
    worse, other = sorted((pair.after, pair.before), key=lambda seen: RANKS[usual(seen.verdicts)])
    return worse.reason or other.reason


def _rank(one: Differing) -> tuple[int, int, str]:
    """What is bad now comes before what was."""
    after, before = RANKS[one.after], RANKS[one.before]
    return min(after, before), after, one.name
