"""The lower part of a live screen, as lines: the grid, what is in flight, the counts, the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from bootmatrix.model import SEVERITY, Verdict
from bootmatrix.quantities import how_many
from bootmatrix.screen.estimate import Estimate
from bootmatrix.screen.flight import Flight
from bootmatrix.screen.signs import RUNNING, TO_DO
from bootmatrix.screen.tally import Tally
from bootmatrix.screen.words import fit, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bootmatrix.model import Result
    from bootmatrix.screen.contract import Shape
    from bootmatrix.screen.pen import Span
    from bootmatrix.screen.signs import Alphabet

FLIGHT = 6  # lines at most


@dataclass(frozen=True)
class Room:
    """How the lines and columns of a terminal are shared out; the last column stays free, or lines might break."""

    width: int
    grid: int
    flight: int


def room(columns: int, lines: int) -> Room:
    return Room(max(1, columns - 1), max(1, lines // 2), max(1, min(FLIGHT, lines // 6)))


class Frame:
    """What a live screen knows, and how it looks."""

    def __init__(
        self,
        shape: Shape,
        left: Callable[[], float | None],
        clock: Callable[[], float],
        alphabet: Alphabet,
        size: tuple[int, int],
    ) -> None:
        self.alphabet, self.clock, self.total = alphabet, clock, shape.boots
        self.room = room(*size)
        self.tally = Tally(shape, alphabet, self.room.width, self.room.grid)
        self.flight = Flight(alphabet)
        self.estimate = Estimate(left, clock)
        self.started = clock()
        self.again = self.reused = self.made = 0
        self.postponed: set[str] = set()  # tests that were starved, until they have a result

    def resize(self, size: tuple[int, int]) -> None:
        if room(*size) != self.room:
            self.room = room(*size)
            self.tally.resize(self.room.width, self.room.grid)

    def add(self, result: Result) -> None:
        self.tally.add(result.cell, result.verdict)
        self.postponed.discard(result.id)
        if result.reused:
            self.reused += 1
        elif len(result.attempts) > 1:
            self.again += 1

    def lines(self) -> list[list[Span]]:
        now = self.clock()
        grid = self.tally.lines(self.flight.cells())
        flight = self.flight.lines(now, self.room.width, self.room.flight)
        running = sum(1 for cell in self.flight.cells() if cell)
        return [[], *grid, *flight, *self._counts({RUNNING: running}), self._time(now)]

    def last(self) -> list[list[Span]]:
        """What stays when the run has ended: the summary tells the rest."""
        return [[], *self.tally.lines(()), *self._counts({})]

    def _counts(self, running: Mapping[str, int]) -> Iterator[list[Span]]:
        """The counts, which explain the signs; in as many lines as they need."""
        counts: dict[str, int] = {kind: count for kind, count in zip(SEVERITY, self.tally.counts, strict=True) if count}
        to_do = self.total - sum(counts.values()) - sum(running.values())
        counts |= {**running, **({TO_DO: to_do} if to_do > 0 else {})}
        items: list[Span] = [(f"{self.alphabet.of[kind]} {count} {kind}", kind) for kind, count in counts.items()]
        grid = self.tally.grid
        signs = grid.box * grid.lines
        if grid.tests > signs == 1:
            items.append((f"{self.alphabet.steps[::3]} partly done", Verdict.PASSED))
        elif grid.tests > signs:
            items.append((f"each sign: up to {-(-grid.tests // signs)} tests", "dim"))
        return _wrapped(items, self.room.width)

    def _time(self, now: float) -> list[Span]:
        done = sum(self.tally.counts)
        parts = [f"{done:,}/{how_many(self.total, 'test')}", whole(now - self.started)]
        if done < self.total:
            parts.append(self.estimate.text())
        extras = {
            "starved of processor time, to be tried again": len(self.postponed),
            "tried again": self.again,
            "reused": self.reused,
            "images and builds made": 0 if done else self.made,
        }
        parts += [f"{count} {what}" for what, count in extras.items() if count]
        return [(fit(", ".join(parts), self.room.width, self.alphabet.dots), "bold")]


def _wrapped(items: Sequence[Span], width: int) -> Iterator[list[Span]]:
    line: list[Span] = []
    for text, style in items:
        if line and sum(cell_len(part) for part, _ in line) + 2 + cell_len(text) > width:
            yield line
            line = []
        line += [("  ", ""), (text, style)] if line else [(fit(text, width), style)]
    yield line
