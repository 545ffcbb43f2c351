"""Prints what changed, grouped: the kinds in their order, of each what most tests have in common first."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bootmatrix.history.findings import ChangeKind
from bootmatrix.history.streaks import named
from bootmatrix.quantities import the_last

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bootmatrix.history.findings import Change, Changes, Night
    from bootmatrix.screen.pen import Span

SHOWN = 20  # things of a kind that are told
NAMED = 5  # tests that are named of those of which the same is told
LONGEST = 300  # characters of what is told of one
TITLES = {
    ChangeKind.NEW_FAILURE: ("new failure", "new failures"),
    ChangeKind.STILL_FAILING: ("still failing", "still failing"),
    ChangeKind.WORSE: ("measure became worse", "measures became worse"),
    ChangeKind.DIFFERENCE: ("difference in a pair", "differences in pairs"),
    ChangeKind.FLAKY: ("flaky test", "flaky tests"),
    ChangeKind.UNDECIDED: ("undecided test", "undecided tests"),
    ChangeKind.NEW: ("new test", "new tests"),
    ChangeKind.GONE: ("test is gone or skipped", "tests are gone or skipped"),
    ChangeKind.FIXED: ("fixed", "fixed"),
    ChangeKind.BETTER: ("measure became better", "measures became better"),
    ChangeKind.NO_DIFFERENCE: ("difference in a pair is gone", "differences in pairs are gone"),
}
STYLES = {
    ChangeKind.NEW_FAILURE: "bold red",
    ChangeKind.STILL_FAILING: "red",
    ChangeKind.WORSE: "bold red",
    ChangeKind.DIFFERENCE: "cyan",
    ChangeKind.FLAKY: "yellow",
    ChangeKind.UNDECIDED: "yellow",
    ChangeKind.NEW: "cyan",
    ChangeKind.GONE: "yellow",
    ChangeKind.FIXED: "green",
    ChangeKind.BETTER: "green",
    ChangeKind.NO_DIFFERENCE: "cyan",
}
LASTING = frozenset(
    {
        ChangeKind.STILL_FAILING,
        ChangeKind.WORSE,
        ChangeKind.DIFFERENCE,
        ChangeKind.FLAKY,
        ChangeKind.UNDECIDED,
        ChangeKind.BETTER,
    }
)
"""Kinds of which it is told since when."""


def lines(tonight: Night, changes: Changes) -> Iterator[Span]:
    yield heading(tonight, changes), "bold"
    for kind, group in by_kind(changes):
        yield "", ""
        yield title(kind, len(group)), STYLES[kind]
        shown, rest = alike(group)
        for said, tests in shown:
            yield f"  {ids(tests)}", STYLES[kind]
            yield f"      {said}", ""
        if rest:
            yield f"  … and {rest:,} more, in changes.json", STYLES[kind]
    if not changes.changes:
        yield "nothing has changed", "good"
    if changes.notes:
        yield "", ""
    yield from ((note, "note") for note in changes.notes)


def heading(tonight: Night, changes: Changes) -> str:
    """Which run is compared with which."""
    of = f" of {changes.branch}" if changes.branch else ""
    if not changes.nights:
        return f"{named(tonight)}: there is no earlier run{of} to compare with"
    runs = the_last(len(changes.nights), "run")
    return f"{named(tonight)} against {runs}{of}, since {named(changes.nights[0])}"


def by_kind(changes: Changes) -> Iterator[tuple[ChangeKind, list[Change]]]:
    for kind, group in itertools.groupby(changes.changes, key=lambda change: change.kind):
        yield kind, list(group)


def alike(
    group: list[Change], say: Callable[[Change], str] | None = None, most: int = SHOWN
) -> tuple[list[tuple[str, list[str]]], int]:
    """What is said (by `say`, without one in `words`), and the tests of which it is, the most first; and how many tests
    are left out.
    """
    found: dict[str, list[str]] = {}
    for change in group:
        found.setdefault((say or words)(change), []).append(change.test)
    every = sorted(found.items(), key=lambda item: -len(item[1]))
    return every[:most], sum(len(tests) for _, tests in every[most:])


def ids(tests: list[str]) -> str:
    count = f" … ({len(tests):,} tests)" if len(tests) > NAMED else f" ({len(tests)} tests)" if len(tests) > 1 else ""
    return ", ".join(tests[:NAMED]) + count


def title(kind: ChangeKind, count: int) -> str:
    return f"{count:,} {TITLES[kind][count != 1]}"


def words(change: Change) -> str:
    """What there is to say of a test besides its name."""
    said = change.detail if len(change.detail) <= LONGEST else f"{change.detail[:LONGEST]} …"
    if change.since and change.kind in LASTING:
        said += f", since {named(change.since)}"
    if change.rate:
        said += f"; {rate(change.rate)}"
    return said


def rate(bounds: tuple[float, float, float]) -> str:
    share, low, high = bounds
    return f"flaky or failed in {share:.0%} of the runs (95%: {low:.0%} to {high:.0%})"
