"""The running tasks that a live screen lists: the longest ones, each in its own line for as long as it lasts."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from rich.cells import cell_len

from bootmatrix.screen.contract import BOOT
from bootmatrix.screen.words import LONGEST, MINUTE, fit, safe, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.screen.pen import Span
    from bootmatrix.screen.signs import Alphabet

TIME = 6  # columns
SECONDS = 1000  # from which a time is told in minutes


@dataclass(eq=False)
class Work:
    """One image, build or boot since `started`; `line` is what it printed last."""

    what: str
    started: float
    line: str = ""

    def say(self, line: str) -> None:
        self.line = line[:LONGEST].strip()

    @property
    def cell(self) -> str:
        """Of a boot."""
        return self.what.removeprefix(BOOT).partition("/")[0] if self.what.startswith(BOOT) else ""


@dataclass
class Flight:
    """`works` are in the order in which they began."""

    alphabet: Alphabet
    works: dict[Work, None] = field(default_factory=dict)
    _rows: list[Work | None] = field(default_factory=list)
    _most: int = 0

    def cells(self) -> list[str]:
        return [work.cell for work in self.works]

    def say(self, what: str, line: str) -> None:
        for work in self.works:
            if work.what == what:
                work.say(line)

    def lines(self, now: float, width: int, height: int) -> Iterator[list[Span]]:
        """At most `height` lines, and as many as were ever needed: what stands below does not move up and down."""
        room = height if len(self.works) <= height else height - 1
        self._seat(list(islice(self.works, room)), room)
        lines = [self._line(work, now, width) if work else [] for work in self._rows]
        if len(self.works) > room:
            lines.append([(fit(f"{'':{TIME}} and {len(self.works) - room} more", width), "dim")])
        self._most = min(height, max(self._most, len(lines)))
        yield from [*lines, *[[]] * (self._most - len(lines))]

    def _seat(self, shown: list[Work], room: int) -> None:
        """Keep every one that was shown where it was, and put the others into the gaps."""
        kept = [row if row in shown else None for row in self._rows[:room]]
        fresh = [work for work in shown if work not in kept]
        for index, row in enumerate(kept):
            if row is None and fresh:
                kept[index] = fresh.pop(0)
        self._rows = [*kept, *fresh]

    def _line(self, work: Work, now: float, width: int) -> list[Span]:
        passed, dots = int(now - work.started), self.alphabet.dots
        told = f"{passed} s" if passed < SECONDS else f"{passed // MINUTE} min"
        time = fit(f"{told:>{TIME}} ", width)
        what = squeeze(safe(work.what), width - len(time), dots)
        room = width - len(time) - cell_len(what) - 2
        said = fit(safe(work.line), room, dots) if room > 0 else ""
        return [(time, "running"), (what, ""), (f"  {said}" if said else "", "dim")]
