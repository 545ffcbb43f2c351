"""What came of boots in turn, as a sentence: the same in a terminal, in Markdown and in JUnit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.model import PairVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bootmatrix.model import PairFinding

WORDS = {  # more, less, as much
    "boot_time": ("is {} slower", "is {} faster", "is as fast"),
    "ready_time": ("is ready {} later", "is ready {} sooner", "is ready as soon"),
    "memory_peak": ("needs {} more memory", "needs {} less memory", "needs as much memory"),
    "unikernel_size": ("is {} larger", "is {} smaller", "is as large"),
    "instructions": ("takes {} more instructions", "takes {} fewer instructions", "takes as many instructions"),
}
COLUMNS = ("boot", "block", "counts", "value", "started", "seconds", "verdict")
"""Of the table of all boots, before those of the measures."""
TIMES = 10  # from so much more on it is told as a multiple
FAR = 1e6  # from so many times on, not to the last digit
DIGITS = 2  # after the point, at the most
WHOLE = 0.1  # from so much on a share has no digits after the point, if it can be told without


def sentence(pairs: Sequence[PairFinding]) -> str:
    """Of one test: `against 4.14, 5.3 needs 26% more memory (24 to 27%), and is as fast (-1.2 to +1.5%)`."""
    first = pairs[0]
    if not first.name:
        return f"{first.value} is not compared{f' with {first.base}' if first.base else ''}: {first.why}"
    said = [clause(each) for each in pairs]
    told = said[0] if len(said) == 1 else f"{', '.join(said[:-1])}, and {said[-1]}"
    return f"against {first.base}, {first.value} {told}"


def clause(found: PairFinding) -> str:
    """Of one measure."""
    more, less, same = WORDS.get(found.name, _of_metric(found.name))
    if found.verdict == PairVerdict.UNKNOWN:
        return f"{found.name} is not compared ({found.why})"
    if found.verdict == PairVerdict.UNDECIDED:
        return f"{found.name} is undecided ({between(found.low, found.high, signed=True)}; {found.why})"
    if not found.real:
        return f"{same} ({between(found.low, found.high, signed=True)})"
    sign = 1 if found.verdict == PairVerdict.MORE else -1
    low, high = sorted((sign * found.low, sign * found.high))
    interval = f" ({between(low, high)})" if low != high else ""
    return (more if sign > 0 else less).format(_share(abs(found.change), _digits([abs(found.change)]))) + interval


def column(measure: str) -> str:
    """What a measure's column is called in the table of all boots: a test's own metrics may be called anything."""
    return f"metric.{measure}" if measure in COLUMNS else measure


def undecided(pairs: Iterable[PairFinding]) -> bool:
    """Whether the difference of one is not known as exactly as asked, or not at all."""
    return any(each.verdict in {PairVerdict.UNDECIDED, PairVerdict.UNKNOWN} for each in pairs)


def largest_first(told: Iterable[tuple[str, Sequence[PairFinding]]]) -> list[tuple[str, Sequence[PairFinding]]]:
    """Tests with what came of them, those with a difference first."""
    return sorted(told, key=lambda each: -max((abs(found.change) for found in each[1] if found.real), default=0.0))


def between(low: float, high: float, *, signed: bool = False) -> str:
    """An interval of shares, with as many digits as tell its ends apart."""
    digits = _digits([low, high])
    one, other = (f"{_share(each, digits, signed=signed)}" for each in (low, high))
    return f"{one.removesuffix('%') if other.endswith('%') else one} to {other}"


def _of_metric(name: str) -> tuple[str, str, str]:
    return f"has {{}} more {name}", f"has {{}} less {name}", f"has as much {name}"


def _digits(shares: Sequence[float]) -> int:
    """The fewest after the point with which they differ, and are not all nothing."""
    first = 0 if max(map(abs, shares)) >= WHOLE else 1
    for digits in range(first, DIGITS):
        texts = [_share(share, digits) for share in shares]
        if len(set(texts)) == len(shares):
            return digits
    return first if len(set(shares)) == 1 else DIGITS


def _share(share: float, digits: int, *, signed: bool = False) -> str:
    if share >= FAR:
        return f"{share + 1:.3g} times"
    if share >= TIMES:
        return f"{share + 1:,.1f} times"
    text = f"{share:{'+' if signed else ''}.{digits}%}"
    return text if any(digit in text for digit in "123456789") else f"{0:.{digits}%}"
