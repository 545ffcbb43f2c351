"""Signs that stand for tests: they differ by shape as well as by colour, and the worst is never lost among many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.model import RANKS, SEVERITY, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bootmatrix.screen.pen import Span

RUNNING, TO_DO = "running", "to do"
KINDS = (*SEVERITY, RUNNING, TO_DO)
REMARKABLE = RANKS[Verdict.FLAKY] + 1  # so many of the verdicts are told by a single sign before all is done


@dataclass(frozen=True)
class Alphabet:
    """`of` has the sign of each verdict; `steps` show how much is done where one sign stands for several tests."""

    of: Mapping[str, str]
    steps: str
    dots: str


LETTERS: dict[str, str] = {
    Verdict.CONTRADICTED: "C",
    Verdict.FAILED: "F",
    Verdict.TIMED_OUT: "T",
    Verdict.UNEXPECTED_PASS: "U",
    Verdict.ERROR: "E",
    Verdict.QUARANTINED: "Q",
    Verdict.UNDECIDED: "?",
    Verdict.EXPECTED_FAILURE: "x",
    Verdict.SKIPPED: "-",
}
UNICODE = Alphabet({**LETTERS, Verdict.FLAKY: "≈", Verdict.PASSED: "■", RUNNING: "►", TO_DO: "·"}, "▁▂▃▄▅▆▇", "…")
ASCII = Alphabet({**LETTERS, Verdict.FLAKY: "~", Verdict.PASSED: "#", RUNNING: ">", TO_DO: "."}, "123456789", "...")


def box(counts: Sequence[int], running: int, total: int, room: int, alphabet: Alphabet) -> list[Span]:
    """`total` tests in at most `room` signs, the worst first; `counts` are those of the verdicts in their order."""
    done = sum(counts)
    total = max(total, done)
    running = min(running, total - done)
    if room == 1 and total > 1:
        return [_single(counts, running, total, alphabet)]
    parts = [*counts, running, total - done - running]
    if total > room:
        parts = share(parts, room)
    return [(alphabet.of[kind] * part, kind) for kind, part in zip(KINDS, parts, strict=True) if part]


def share(parts: Sequence[int], room: int) -> list[int]:
    """`room` in proportion to the parts, the largest remainders first; no part that is not 0 comes to nothing, unless
    there are more parts than room: then the first ones have it.
    """
    present = [index for index, part in enumerate(parts) if part][:room]
    total, spare = sum(parts[index] for index in present), room - len(present)
    shared = [0] * len(parts)
    for index in present:
        shared[index] = 1 + spare * parts[index] // total
    by_remainder = sorted(present, key=lambda index: -(spare * parts[index] % total))
    for index in by_remainder[: room - sum(shared)]:
        shared[index] += 1
    return shared


def _single(counts: Sequence[int], running: int, total: int, alphabet: Alphabet) -> Span:
    """The worst verdict so far, or how much is done."""
    worst = next((kind for kind, count in zip(SEVERITY, counts, strict=True) if count), "")
    done = sum(counts)
    if worst in SEVERITY[:REMARKABLE] or done == total:
        return alphabet.of[worst], worst
    if not done:
        kind = RUNNING if running else TO_DO
        return alphabet.of[kind], kind
    return alphabet.steps[done * len(alphabet.steps) // total], Verdict.PASSED


def split(spans: Sequence[Span], width: int) -> Iterator[list[Span]]:
    """Signs in rows of `width`; each sign takes one column."""
    signs = [(sign, style) for text, style in spans for sign in text]
    for start in range(0, len(signs), width):
        yield merged(signs[start : start + width])


def merged(signs: Sequence[Span]) -> list[Span]:
    """Neighbours of one style as one span."""
    spans: list[Span] = []
    for text, style in signs:
        if spans and spans[-1][1] == style:
            spans[-1] = (spans[-1][0] + text, style)
        else:
            spans.append((text, style))
    return spans
