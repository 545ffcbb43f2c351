"""Lines for a log, one for each thing that happened; and those that a quiet run prints."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bootmatrix.model import Verdict
from bootmatrix.quantities import human_time
from bootmatrix.screen.consoles import Consoles
from bootmatrix.screen.contract import BOOT, Screen
from bootmatrix.screen.words import WIDTH, details, in_one_line, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from bootmatrix.model import Result
    from bootmatrix.screen.contract import Shape
    from bootmatrix.screen.pen import Pen


class PlainScreen(Screen):
    """The log of a run; what kind of line goes where is for the methods whose names begin with `tell`."""

    def __init__(self, pen: Pen, *, verbose: bool = False, failing: Collection[Verdict] = ()) -> None:
        super().__init__(pen, verbose=verbose, failing=failing)
        self.total = self.done = 0
        self._consoles = Consoles()

    @contextlib.contextmanager
    def showing(self, shape: Shape, left: Callable[[], float | None]) -> Iterator[None]:
        del left  # a log is read later
        self.total = shape.boots
        try:
            yield
        finally:
            self._talk(self._consoles.end_all())

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        if not what.startswith(BOOT):
            self.tell_step(f"{what} …")
        yield lambda _line: None

    def made(self, kind: str, name: str, seconds: float) -> None:
        self.tell_step(f"{kind} {name} made in {human_time(seconds)}")

    def failed(self, kind: str, name: str, reason: str) -> None:
        self.tell_bad(f"{kind} {name} failed: {lines_of(reason)[0]}", Verdict.ERROR)

    def note(self, text: str) -> None:
        self.tell_note(in_one_line(text))

    def attempt(self, test: str, number: int, reason: str) -> None:
        if self.verbose:
            self._talk([*self._consoles.end(test), f"{test}: attempt {number}: {lines_of(reason)[0]}"])

    def postponed(self, test: str, reason: str) -> None:
        self._talk([*self._consoles.end(test), f"{test}: {lines_of(reason)[0]}"])

    def console(self, test: str, chunk: bytes) -> None:
        if self.verbose:
            self._talk(self._consoles.add(test, chunk))

    def result(self, result: Result) -> None:
        if self.verbose:
            self._talk(self._consoles.end(result.id))
        with self._lock:  # the numbers stand in their order
            self.done += 1
            if result.verdict == Verdict.SKIPPED and not self.verbose:
                self.tell_skipped()
                return
            text = f"{self._count()} {result.verdict:<{WIDTH}} {result.id}{details(result)}"
            (self.tell_good if result.verdict in self.good else self.tell_bad)(text, result.verdict)

    def _count(self) -> str:
        return f"[{self.done:>{len(str(self.total))}}/{self.total}]"

    def _talk(self, lines: list[str]) -> None:
        for line in lines:
            self.tell_talk(line)

    def tell_step(self, text: str) -> None:
        self.pen.line(text, "dim")

    def tell_good(self, text: str, style: str) -> None:
        self.pen.line(text, style)

    def tell_bad(self, text: str, style: str) -> None:
        self.pen.line(text, style)

    def tell_skipped(self) -> None:
        """Nothing yet: there may be many of one reason, which the summary tells once."""

    def tell_note(self, text: str) -> None:
        self.pen.line(text, "note")

    def tell_talk(self, text: str) -> None:
        """A guest's line, or an attempt."""
        self.pen.line(text, "dim")


class QuietScreen(PlainScreen):
    """Nothing until the summary, which tells what is not good."""

    quiet = True

    def tell_step(self, text: str) -> None: ...
    def tell_good(self, text: str, style: str) -> None: ...
    def tell_bad(self, text: str, style: str) -> None: ...
    def tell_note(self, text: str) -> None: ...
    def tell_talk(self, text: str) -> None: ...
