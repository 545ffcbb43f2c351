"""A pass that measures more than its test's `limits` allow is none: held against them, or against earlier runs.

Whatever takes time takes longer on a busy host, so that one boot that was too slow is no proof: it is tried again when
all others have begun, and the better of the two counts, without the time in which this host had too few processors.
"""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bootmatrix.judging import limit_words as words
from bootmatrix.matrix.keys import limits
from bootmatrix.matrix.keys.limits import Kind
from bootmatrix.model import TOO_SLOW, Attempt, Better, Outcome, OutcomeKind, Verdict, measured
from bootmatrix.quantities import human_time
from bootmatrix.statistics import noise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bootmatrix.matrix.keys.limits import Bound
    from bootmatrix.model import Measure

ENOUGH = 5  # earlier runs, of which a median is believed
FAR = 3.0  # standard deviations of many earlier runs: what lies further off is no noise
FEW = 2.0  # over their number: so much further it must lie, since of few runs their noise is little known
BUSY = 0.1  # of a boot's time, in which something waited for a processor: then its rates say nothing
TIMES = {"s": 1.0, "ms": 1e3, "us": 1e6, "µs": 1e6, "ns": 1e9, "min": 1 / 60, "h": 1 / 3600}
RATE = re.compile(r".*/ ?(?:s|sec|second|min|h)|[kKMGT]?i?bps|[kKMGT]?i?Bps")


@dataclass(frozen=True)
class Earlier:
    """What the last runs measured under the same conditions: `values`, or `why` there are none."""

    values: Sequence[float] = ()
    why: str = ""


@dataclass(frozen=True)
class Before:
    """A boot that was too slow, and is tried again; `waited` is how many seconds something on this host waited for a
    processor while the second boot ran.
    """

    attempt: Attempt
    waited: float = 0.0


@dataclass
class Found:
    """Sentences: of limits that are `broken`, of those that are only if the host was not too busy (`late`), and of
    those that could not be judged (`open`).
    """

    broken: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


def judged(
    attempt: Attempt,
    size: int,
    wanted: Mapping[str, str],
    earlier: Callable[[Measure], Earlier],
    before: Before | None = None,
) -> Attempt:
    """The attempt, failed if it passed but for a limit; if that is one of time, at first only put off (`starved`).

    `size` is its unikernel's in bytes, `wanted` are the test's `limits`.
    """
    if not wanted or attempt.verdict != Verdict.PASSED:
        return attempt
    found = held(attempt, size, wanted, earlier, before)
    attempt = replace(attempt, unjudged=tuple(found.open))
    if found.broken:
        return replace(attempt, verdict=Verdict.FAILED, reason="; ".join(found.broken))
    if found.late:
        what = f"too slow, or this host too busy: {'; '.join(found.late)}"
        outcome = Outcome(OutcomeKind.BROKEN, what, TOO_SLOW)
        return replace(attempt, verdict=Verdict.ERROR, reason=what, outcome=outcome, starved=True)
    return attempt


def held(
    attempt: Attempt,
    size: int,
    wanted: Mapping[str, str],
    earlier: Callable[[Measure], Earlier],
    before: Before | None = None,
) -> Found:
    """What its measures come to. A limit of a metric that the guest should have printed, and did not, is broken."""
    found = Found()
    measures = {each.name: each for each in measured(attempt, size)}
    first = {each.name: each.value for each in measured(before.attempt)} if before else {}
    for name, text in wanted.items():
        measure = measures.get(name)
        if text == limits.NO_LIMIT:
            continue
        if measure is None:
            told = found.open if limits.is_own(name) else found.broken
            told.append(f"the limit of {name}, {text}, is not judged: {name} was not measured")
            continue
        try:
            bound = limits.bound(text, Kind(measure.unit, measure.better == Better.HIGHER))
        except ValueError as error:  # cells may differ in what their guests print
            found.broken.append(f"the limit of {name} is not judged: {error}")
            continue
        _hold(found, _better_of(measure, first), bound, earlier, attempt, before)
    return found


def _better_of(measure: Measure, first: Mapping[str, float]) -> Measure:
    """Of two boots, where a busy host makes it worse."""
    if measure.name not in first or not _depends_on_load(measure):
        return measure
    best = max if measure.better == Better.HIGHER else min
    return replace(measure, value=best(measure.value, first[measure.name]))


def _hold(
    found: Found,
    measure: Measure,
    bound: Bound,
    earlier: Callable[[Measure], Earlier],
    attempt: Attempt,
    before: Before | None,
) -> None:
    past = earlier(measure) if bound.at is None else None
    if past and (past.why or len(past.values) < ENOUGH):
        why = past.why or f"{len(past.values)} of {ENOUGH} earlier runs have it"
        found.open.append(f"the limit of {measure.name}, {bound.text}, is not judged: {why}")
        return
    middle = statistics.median(past.values) if past else 0.0
    at = _limit(measure, bound, middle)
    if not _beyond(measure, at):
        return
    said = _told_of_past(measure, bound, middle, past.values) if past else _told(measure, at)
    if past and not _beyond(measure, _off(measure, middle, _noise(past.values))):
        found.open.append(f"the limit of {measure.name} is not judged, for such is the noise of earlier runs: {said}")
    elif not _depends_on_load(measure):
        found.broken.append(said)
    elif before is None:
        found.late.append(said)
    elif waited := _excuse(measure, at, attempt, before):
        found.open.append(f"the limit of {measure.name} is not judged, for this host was too busy, {waited}: {said}")
    else:
        found.broken.append(f"{said}, at the better of 2 boots")


def _noise(values: Sequence[float]) -> float:
    """How far from their median chance alone still brings one more."""
    return FAR * (1 + FEW / len(values)) * noise.spread(values)[1]


def _limit(measure: Measure, bound: Bound, middle: float) -> float:
    return _off(measure, middle, bound.share * abs(middle)) if bound.at is None else bound.at


def _off(measure: Measure, middle: float, distance: float) -> float:
    """So far from the middle on the worse side."""
    return middle - distance if measure.better == Better.HIGHER else middle + distance


def _beyond(measure: Measure, at: float) -> bool:
    """A value that is equal but for how numbers are stored is within."""
    slack = 1e-9 * abs(at)
    return measure.value < at - slack if measure.better == Better.HIGHER else measure.value > at + slack


def _depends_on_load(measure: Measure) -> bool:
    return measure.unit in TIMES or bool(RATE.fullmatch(measure.unit))


def _excuse(measure: Measure, at: float, attempt: Attempt, before: Before) -> str:
    """How long others may have kept the boot from a processor, if it could have been within its limit without that."""
    if measure.unit in TIMES:
        excused = not _beyond(replace(measure, value=measure.value - before.waited * TIMES[measure.unit]), at)
    else:
        excused = before.waited > BUSY * attempt.seconds
    waited = min(before.waited, attempt.seconds)
    return f"with {human_time(waited)} of waiting for a processor" if excused else ""


def _told(measure: Measure, at: float) -> str:
    value, most = words.pair(measure, measure.value, at)
    share = words.by(measure.value, at)
    return f"{measure.name} is {value}, {words.side(measure)} {most}{f' ({share})' if share else ''}"


def _told_of_past(measure: Measure, bound: Bound, middle: float, values: Sequence[float]) -> str:
    value, median = words.pair(measure, measure.value, middle)
    share = words.by(measure.value, middle, bound.share) or "not"
    between = " to ".join(words.pair(measure, min(values), max(values)))
    of = f"the median {median} of {len(values)} runs ({between})"
    return f"{measure.name} is {value}, {share} {of}; {words.side(measure)} {bound.text}"


def nothing(test: str, host: str, accelerator: str, measure: Measure) -> Earlier:
    """What is known of earlier runs where none are asked."""
    del test, host, accelerator, measure
    return Earlier(why="there is no history")
