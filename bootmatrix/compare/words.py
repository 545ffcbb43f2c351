"""A comparison in words: the same for a terminal and for Markdown."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from bootmatrix.compare.shift import APART, ONE_SIDED, SMALLEST
from bootmatrix.counting import part
from bootmatrix.history.measuring import between, shown
from bootmatrix.model import improves
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.compare.judge import Comparison, Measured, Row
    from bootmatrix.compare.overall import Overall
    from bootmatrix.compare.shift import Shift

SHOWN = 20  # tests whose verdicts differ, that are told
LARGEST = 10  # tests of a measure that are told
MAYBE = 5  # of which none is known to have changed
PARTNERS = 3  # tests without a partner that are named
TIMES = 10  # from so much more on it is told as a multiple
FAR = 1e6  # from so many times on, not to the last digit
DIGITS = 4  # of numbers of other units than seconds and bytes
LONGEST = 300  # characters of a reason
WHOLE = frozenset({"B", "instructions"})  # units whose numbers are told in full
HEADER = ("measure", "tests", "geometric mean", "difference (95%)", "real?")
RUNS_APART = (
    "the tests of the two runs were not booted side by side, and no host is always the same: what differs may be the "
    "host's doing. For a reliable answer make the difference an axis, run `bootmatrix run --compare AXIS`, and compare "
    "its values with --axis"
)
AXIS_APART = (
    "boots that were not side by side are not comparable, as no host is always the same: `bootmatrix run --compare "
    "{axis}` alternates the boots of both sides, and `--pair {axis}` does so until their difference is known"
)


def heading(told: Comparison) -> str:
    return f"{told.axis + ': ' if told.axis else ''}{told.before} → {told.after}, {told.title}"


def overview(told: Comparison) -> Iterator[tuple[str, ...]]:
    """A row for each measure, under HEADER."""
    for one in told.measures:
        if one.rows:
            yield (
                one.name,
                f"{one.all.pairs:,}",
                both(one.all, one.unit),
                difference(one.all),
                judged(one.all, one.better),
            )


def difference(found: Shift | Overall) -> str:
    if found.low is None or found.high is None or found.low == found.high:
        return percent(found.change)
    return f"{percent(found.change)} ({percent(found.low)} to {percent(found.high)})"


def percent(change: float) -> str:
    """Of a change beyond all numbers, a word: what was next to nothing is so much."""
    if change >= FAR:
        return f"x{change + 1:.3g}" if math.isfinite(change) else "far more"
    return f"x{change + 1:,.1f}" if change >= TIMES else f"{change:+.1%}"


def judged(found: Shift | Overall, better: str) -> str:
    """Worse or better; or why it is neither."""
    return direction(found.change, better) if found.real else f"no: {found.why}"


def direction(change: float, better: str) -> str:
    if not better:
        return "more" if change > 0 else "less"
    return "better" if improves(change, better) else "worse"


def both(found: Shift | Overall, unit: str) -> str:
    """What was, and what is."""
    before, after = _agreed(found)
    return between(_value(before, unit), _value(after, unit), unit)


def _agreed(found: Shift | Overall) -> tuple[float, float]:
    """Both sides' numbers, as far apart as the difference says. Each side's own middle may be of another moment of the
    host, where the difference is the middle of what boots that ran side by side say: "0.78 s → 0.94 s" would
    contradict "+0.2%".
    """
    before, after, times = found.before, found.after, 1 + found.change
    if min(before, after, times) <= 0 or math.isclose(after, before * times, rel_tol=1e-9):
        return before, after
    apart = math.sqrt(after / before / times)
    return before * apart, after / apart


def _value(value: float, unit: str) -> str:
    """As many digits as matter to people; a mean has many more."""
    if unit in WHOLE:
        return shown(round(value), unit)
    return shown(value if unit == "s" else float(f"{value:.{DIGITS}g}"), unit)


def row(one: Row, unit: str, better: str) -> tuple[str, str, str]:
    """Values, difference, and whether it is real."""
    return both(one.shift, unit), difference(one.shift), judged(one.shift, better)


def functions(one: Row) -> str:
    """In which of them the difference is, such as `memcpy +12,000`; empty where that is not known."""
    return part.told(one.functions)


def title(one: Measured) -> str:
    """How many tests changed, and which way."""
    ways = [(one.all.up, direction(1, one.better)), (one.all.down, direction(-1, one.better))]
    counts = [f"{count:,} {way}" for count, way in ways if count]
    said = ", ".join(counts) or "no test is known to have changed"
    return f"{one.name}: {said}, of {how_many(len(one.rows), 'test')}"


def largest(one: Measured) -> list[Row]:
    """The rows that are told: the largest of those that really changed, or else some that may have."""
    real = [each for each in one.rows if each.shift.real]
    maybe = [each for each in one.rows if abs(each.shift.change) >= SMALLEST]
    return real[:LARGEST] if real else maybe[:MAYBE]


def notes(told: Comparison) -> Iterator[str]:
    if not told.pairs:
        yield "no test exists on both sides"
    elif any(_apart(one) for one in told.measures):
        yield AXIS_APART.format(axis=told.axis) if told.axis else RUNS_APART
    missing: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for one in told.measures:
        for what, count in one.unlike.items():
            missing[count, f"another {what}"].append(one.name)
        for why, count in one.missing.items():
            missing[count, why].append(one.name)
    for (count, why), names in missing.items():
        yield f"{how_many(count, 'test')} not compared ({why}): {', '.join(names)}"
    yield from _alone(told.before, told.only_before)
    yield from _alone(told.after, told.only_after)


def _apart(one: Measured) -> bool:
    return bool({APART, ONE_SIDED} & {one.all.why, *(row.shift.why for row in one.rows)})


def _alone(side: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - PARTNERS:,} more" if len(names) > PARTNERS else ""
        yield f"only with {side}: {how_many(len(names), 'test')}: {', '.join(names[:PARTNERS])}{more}"


def verdicts(told: Comparison) -> str:
    count = len(told.verdicts)
    verb = "differs in its verdict" if count == 1 else "differ in their verdicts"
    return f"{how_many(count, 'test')} {verb}" if count else "no verdict differs"


def reason(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= LONGEST else f"{one_line[:LONGEST]} …"
