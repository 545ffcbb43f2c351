"""A live screen: what matters scrolls up and stays, the rest changes in place below it."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from bootmatrix.quantities import human_time
from bootmatrix.screen.consoles import Consoles
from bootmatrix.screen.contract import BOOT, Screen
from bootmatrix.screen.flight import Work
from bootmatrix.screen.frame import Frame
from bootmatrix.screen.intruders import intruders
from bootmatrix.screen.painter import Painter
from bootmatrix.screen.signs import ASCII, UNICODE
from bootmatrix.screen.telling import Teller, broken
from bootmatrix.screen.words import in_one_line, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from contextlib import AbstractContextManager

    from bootmatrix.model import Result, Verdict
    from bootmatrix.screen.contract import Shape
    from bootmatrix.screen.pen import Line, Pen, Span

PERIOD = 0.125  # seconds between two frames
MOST = 2000  # lines of guests that wait for the next frame


@contextlib.contextmanager
def regularly(draw: Callable[[], None]) -> Iterator[None]:
    end = threading.Event()

    def run() -> None:
        while not end.wait(PERIOD):
            draw()

    thread = threading.Thread(target=run, name="screen", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


class LiveScreen(Screen):
    """Whoever tells something leaves it here; `beat` calls `draw` now and then, which alone writes."""

    def __init__(
        self,
        pen: Pen,
        *,
        verbose: bool = False,
        failing: Collection[Verdict] = (),
        clock: Callable[[], float] = time.monotonic,
        beat: Callable[[Callable[[], None]], AbstractContextManager[object]] = regularly,
    ) -> None:
        super().__init__(pen, verbose=verbose, failing=failing)
        self._clock, self._beat = clock, beat
        self._alphabet = UNICODE if pen.unicode and pen.colours else ASCII
        self._teller = Teller(self._alphabet, everything=verbose)
        self._consoles = Consoles()
        self._painter = Painter(pen)
        self._frame: Frame | None = None
        self._size = self._measured()
        self._above: list[Line] = []  # what the next frame writes for good
        self._left_out = 0
        self._moved = threading.Event()  # the cursor, by somebody else

    @contextlib.contextmanager
    def showing(self, shape: Shape, left: Callable[[], float | None]) -> Iterator[None]:
        frame = Frame(shape, left, self._clock, self._alphabet, self._size)
        with intruders(self.note, self._moved.set):
            self._frame = frame
            try:
                with self._beat(self.draw):
                    yield
            finally:
                self._say(self._consoles.end_all(), "dim")
                self._end(frame)

    def draw(self) -> None:
        """Paint a frame, unless the terminal is just being resized."""
        frame, size = self._frame, self._measured()
        if not frame:
            return
        if size != self._size:
            self._size = size
            return
        frame.estimate.ask()
        self._paint(frame, frame.lines)

    def _paint(self, frame: Frame, lines: Callable[[], list[list[Span]]]) -> None:
        with self._lock:
            frame.resize(self._size)
            above, self._above = self._above, []
            left_out, self._left_out = self._left_out, 0
            painted = lines()
        if left_out:
            above.append(self.pen.joined([(f"{left_out} console lines not shown", "note")]))
        if self._moved.is_set():
            self._moved.clear()
            self._painter.forget()
        self._painter.paint(above, list(map(self.pen.joined, painted)), self._size)

    def _end(self, frame: Frame) -> None:
        with self._lock:
            self._paint(frame, frame.last)
            self._painter.leave()
            self._frame = None
            self._put(())

    def _measured(self) -> tuple[int, int]:
        size = self.pen.console.size
        return size.width, size.height

    @property
    def _width(self) -> int:
        return max(1, self._size[0] - 1)

    def _put(self, spans: Iterable[Span]) -> None:
        """Leave lines that stay for the next frame; without a frame they are written at once."""
        with self._lock:
            self._above += [self.pen.joined([span]) for span in spans]
            if self._frame:
                return
            lines, self._above = self._above, []
            for text, _ in lines:
                self.pen.write(f"{text}\n")

    def _say(self, lines: Iterable[str], style: str) -> None:
        """What guests print is left out if it comes faster than anybody could read."""
        with self._lock:
            for line in lines:
                if len(self._above) >= MOST:
                    self._left_out += 1
                else:
                    self._put((part, style) for part in broken(line, self._width))

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        work = Work(what, self._clock())
        with self._lock:
            frame = self._frame
            if frame:
                frame.flight.works[work] = None
        try:
            yield work.say
        finally:
            with self._lock:
                if frame:
                    del frame.flight.works[work]

    def made(self, kind: str, name: str, seconds: float) -> None:
        with self._lock:
            if self._frame:
                self._frame.made += 1
        if self.verbose:
            self.note(f"{kind} {name} made in {human_time(seconds)}")

    def failed(self, kind: str, name: str, reason: str) -> None:
        self._put(self._teller.failed(f"{kind} {name}", reason, self._width))

    def note(self, text: str) -> None:
        self._put((part, "note") for part in broken(in_one_line(text), self._width))

    def attempt(self, test: str, number: int, reason: str) -> None:
        told = f"attempt {number}: {lines_of(reason)[0]}"
        with self._lock:
            if self._frame:
                self._frame.flight.say(f"{BOOT}{test}", told)
        if self.verbose:
            self._say([*self._consoles.end(test), f"{test}: {told}"], "dim")

    def postponed(self, test: str, reason: str) -> None:
        with self._lock:
            if self._frame:
                self._frame.postponed.add(test)
            self._say(self._consoles.end(test), "dim")
            self.note(f"{test}: {lines_of(reason)[0]}")

    def console(self, test: str, chunk: bytes) -> None:
        if self.verbose:
            self._say(self._consoles.add(test, chunk), "dim")

    def result(self, result: Result) -> None:
        if self.verbose:
            self._say(self._consoles.end(result.id), "dim")
        with self._lock:
            if self._frame:
                self._frame.add(result)
            self._put(self._teller.result(result, self._width, good=result.verdict in self.good))
