"""What a run's threads did when, as its journal has it, in microseconds since the run began, resumed or not."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from bootmatrix.runs import journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAKERS = ("image", "build")
BEGINS = {"run started", "run resumed"}


class Span(NamedTuple):
    """From when to when a thread made something."""

    thread: str
    kind: str
    name: str
    begin: int
    end: int


class Moment(NamedTuple):
    at: int
    name: str


class Tried(NamedTuple):
    """An attempt's number, the thread that made it, when it was told, how long it took, and its verdict."""

    number: int
    thread: str
    end: int
    took: int = 0
    verdict: str = ""


@dataclass
class Timeline:
    """`began` is in seconds since 1970, None without a journal; `attempts` are those of each test, by its id."""

    began: float | None = None
    made: list[Span] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    attempts: defaultdict[str, list[Tried]] = field(default_factory=lambda: defaultdict(list))

    def attempt(self, test: str, number: int) -> Tried | None:
        return next((each for each in reversed(self.attempts.get(test, ())) if each.number == number), None)

    def others(self, test: str, told: Iterable[Tried]) -> list[Tried]:
        """The attempts of which no more is known than the journal has: those of a pair but the last, or of a boot that
        was begun anew.
        """
        known = {*map(id, told)}
        return [each for each in self.attempts.get(test, ()) if id(each) not in known]

    def at(self, started: str) -> int | None:
        """When that was, by the clock on the wall."""
        at = wall(started)
        return None if at is None or self.began is None else micro(at - self.began)


def read(folder: Path, started: str) -> Timeline:
    """Of the run in `folder`, begun at `started`; without a journal, or one that can be read, it knows just that."""
    found = Timeline(wall(started))
    try:
        for each in _events(folder, found):
            _take(found, *each)
    except (OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError):  # it may hold anything
        return Timeline(wall(started))
    return found


def wall(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 time, None if it is none."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def micro(seconds: float) -> int:
    return round(seconds * 1e6)


def _events(folder: Path, found: Timeline) -> Iterator[tuple[dict[str, Any], int]]:
    """Each event, and when it was. A clock that only goes on is of one process: each begins with a time on the wall."""
    clock = 0.0
    for entry in journal.read(folder):
        event = entry.event
        if event["event"] in BEGINS or found.began is None or not clock:
            at = wall(event["time"])
            found.began = at if found.began is None else found.began
            clock = event["monotonic"] - (at - found.began if at is not None and found.began is not None else 0.0)
        yield event, micro(event["monotonic"] - clock)


def _take(found: Timeline, event: dict[str, Any], at: int) -> None:
    kind, thread = event["event"], str(event.get("thread", ""))
    what, _, done = kind.rpartition(" ")
    if what in MAKERS and done == "finished":
        took = float(event["seconds"])
        if math.isfinite(took) and took >= 0:
            found.made.append(Span(thread, what, str(event[what]), at - micro(took), at))
    elif kind == "attempt finished":
        took = float(event.get("seconds", 0.0))
        if math.isfinite(took) and took >= 0:
            tried = Tried(int(event["number"]), thread, at, micro(took), str(event.get("verdict", "")))
            found.attempts[event["boot"]].append(tried)
    elif kind in BEGINS or kind in {"boot postponed", "boot left", "image failed", "build failed"}:
        name = event.get("boot") or event.get(what) or ""
        found.moments.append(Moment(at, f"{kind} {name}".rstrip()))
