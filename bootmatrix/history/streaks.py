"""Finds new and old failures, flaky tests and the like in a test's verdicts of several nights. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.history.findings import Change, ChangeKind
from bootmatrix.model import GOOD_VERDICTS, STEADY_VERDICTS, Verdict
from bootmatrix.statistics import rates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.history.findings import Night
    from bootmatrix.history.point import Point

COMMIT = 10  # characters of a commit that are told


def changes(window: Sequence[Night], row: Sequence[Point | None]) -> Iterator[Change]:
    """What is to be said of one test; the last night is tonight, and there is an earlier one."""
    last = row[-1]
    if last is None:
        yield from _gone(window, row)
        return
    known = _Known.of(window, row)
    came = _new(window, row)
    if tells(last) and not good(last):
        yield from known.failed(last, fresh=came)
    elif came:
        yield Change(ChangeKind.NEW, last.id, _words(last), since=window[-1])
    elif last.verdict == Verdict.SKIPPED:
        yield from _skipped(window, row, last)
    if good(last) and tells(last):
        yield from known.passed(last)


def tells(point: Point) -> bool:
    """Whether it says anything of the guest."""
    return point.verdict != Verdict.SKIPPED and not says_nothing(point)


def says_nothing(point: Point) -> bool:
    """An error of the infrastructure."""
    return point.verdict == Verdict.ERROR and point.infrastructure


def good(point: Point) -> bool:
    """A failure in quarantine is a failure, though it fails no run."""
    return point.verdict in GOOD_VERDICTS and point.verdict != Verdict.QUARANTINED


def simple(point: Point) -> bool:
    """Whether it passed at once, or failed as it is expected to."""
    return point.verdict in STEADY_VERDICTS


def named(night: Night) -> str:
    """A run, and the commit that it was of."""
    return f"{night.run} ({night.commit[:COMMIT]})" if night.commit else night.run


@dataclass(frozen=True)
class _Known:
    """The nights that say something of a test, the oldest first, tonight the last if it does."""

    nights: tuple[tuple[Night, Point], ...]

    @classmethod
    def of(cls, window: Sequence[Night], row: Sequence[Point | None]) -> _Known:
        pairs = zip(window, row, strict=True)
        return cls(tuple((night, point) for night, point in pairs if point and tells(point)))

    def failed(self, last: Point, *, fresh: bool) -> Iterator[Change]:
        """Tonight it is not good; in quarantine that is known, and no news."""
        if last.verdict == Verdict.QUARANTINED:
            return
        tonight, before = self.nights[-1][0], self.nights[:-1]
        if before and before[-1][1].verdict != Verdict.QUARANTINED and not good(before[-1][1]):
            first = self._streak(len(self.nights) - 1)
            words = f"{_words(last)} [{len(self.nights) - first} runs in a row]"
            yield Change(ChangeKind.STILL_FAILING, last.id, words, since=self.nights[first][0])
            return
        often = self._rate() if any(not simple(point) for _, point in before) else None
        if not before:
            was = "a new test" if fresh else "not in any earlier run"
        elif before[-1][1].verdict == Verdict.QUARANTINED:
            was = "its quarantine has ended"
        else:
            was = f"{before[-1][1].verdict} in {named(before[-1][0])}"
        yield Change(ChangeKind.NEW_FAILURE, last.id, f"{_words(last)} [{was}]", since=tonight, rate=often)

    def passed(self, last: Point) -> Iterator[Change]:
        tonight, before = self.nights[-1][0], self.nights[:-1]
        if last.verdict == Verdict.UNDECIDED:
            yield self._undecided(last)
            return
        if before and not good(before[-1][1]):
            first = self.nights[self._streak(len(before) - 1)][0]
            was = f"{last.verdict} [{before[-1][1].verdict} since {named(first)}]"
            yield Change(ChangeKind.FIXED, last.id, was, since=tonight)
        if last.verdict == Verdict.FLAKY:
            first = next(night for night, point in self.nights if point.verdict == Verdict.FLAKY)
            yield Change(ChangeKind.FLAKY, last.id, _words(last), since=first, rate=self._rate())

    def _undecided(self, last: Point) -> Change:
        """Neither news of a failure nor of its end."""
        at = len(self.nights) - 1
        while at and self.nights[at - 1][1].verdict == Verdict.UNDECIDED:
            at -= 1
        was = f" [{self.nights[at - 1][1].verdict} in {named(self.nights[at - 1][0])}]" if at else ""
        return Change(ChangeKind.UNDECIDED, last.id, f"{_words(last)}{was}", since=self.nights[at][0])

    def _streak(self, at: int) -> int:
        """Where the failures begin that reach to `at` unbroken."""
        while at and not good(self.nights[at - 1][1]):
            at -= 1
        return at

    def _rate(self) -> tuple[float, float, float] | None:
        return rate([point for _, point in self.nights])


def rate(points: Sequence[Point]) -> tuple[float, float, float] | None:
    """How often a test did not simply pass, with the bounds of the 95% interval; None where one result is no rate."""
    telling = [point for point in points if tells(point)]
    hits = sum(not simple(point) for point in telling)
    return rates.interval(hits, len(telling)) if len(telling) > 1 else None


def _new(window: Sequence[Night], row: Sequence[Point | None]) -> bool:
    """A complete run came before, and none that came before had it."""
    return not any(row[:-1]) and not all(night.partial for night in window[:-1])


def _gone(window: Sequence[Night], row: Sequence[Point | None]) -> Iterator[Change]:
    """Told once: by the first complete run that does not have it."""
    if window[-1].partial:
        return
    for night, point in zip(reversed(window[:-1]), reversed(row[:-1]), strict=True):
        if point:
            yield Change(
                ChangeKind.GONE,
                point.id,
                f"{point.verdict} in {named(night)}, the last run that had it",
                since=window[-1],
            )
            return
        if not night.partial:
            return


def _skipped(window: Sequence[Night], row: Sequence[Point | None], last: Point) -> Iterator[Change]:
    """Told once: it is there, but no longer says anything."""
    before = [(n, p) for n, p in zip(window[:-1], row[:-1], strict=True) if p and not says_nothing(p)]
    if before and before[-1][1].verdict != Verdict.SKIPPED:
        night, point = before[-1]
        words = f"{_words(last)} [{point.verdict} in {named(night)}]"
        yield Change(ChangeKind.GONE, last.id, words, since=window[-1])


def _words(point: Point) -> str:
    """Without what follows the reason's first line: a build's log has another path in each run."""
    reason = " ".join(point.reason.partition("\n")[0].split())
    return point.verdict if point.verdict == Verdict.PASSED or not reason else f"{point.verdict}: {reason}"
