"""The log of a GitHub Actions job: what is good is folded, what is not stands in the open."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from bootmatrix.screen.plain import PlainScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from bootmatrix.model import Run, Verdict
    from bootmatrix.screen.contract import Shape
    from bootmatrix.screen.pen import Pen

RESULTS = 50  # of a group
LINES = 1000  # of a group
PATIENCE = 30.0  # seconds after which a group that is not full is written all the same


class GitHubScreen(PlainScreen):
    """Groups cannot nest there. The group of images and builds is open while it fills, as these take long; that of
    tests is written whole, as its title says which they are.
    """

    def __init__(
        self,
        pen: Pen,
        *,
        verbose: bool = False,
        failing: Collection[Verdict] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(pen, verbose=verbose, failing=failing)
        self._clock = clock
        self._open = False  # the group of images and builds
        self._folded: list[str] = []
        self._since = 0.0  # when the first of these lines came
        self._results = 0  # how many of them are results
        self._above = 0  # the results that are written

    @contextlib.contextmanager
    def showing(self, shape: Shape, left: Callable[[], float | None]) -> Iterator[None]:
        try:
            with super().showing(shape, left):
                yield
        finally:
            self._in_the_open()

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        with self._lock:
            self._flush_if_due()
        with super().working(what) as say:
            yield say

    def tell_step(self, text: str) -> None:
        with self._lock:
            self._flush_if_due()
            if not self._open:
                self.pen.write("::group::images and builds\n")
                self._open = True
            self.pen.line(text, "dim")

    def tell_good(self, text: str, style: str) -> None:
        with self._lock:
            self._results += 1
            self._fold(text, style)

    def tell_skipped(self) -> None:
        with self._lock:
            self._results += 1
            self._flush_if_due()

    def tell_talk(self, text: str) -> None:
        with self._lock:
            self._fold(text, "dim")

    def tell_bad(self, text: str, style: str) -> None:
        with self._lock:
            self._in_the_open()
            self._above = self.done
            self.pen.line(text, style)

    def tell_note(self, text: str) -> None:
        with self._lock:
            self._in_the_open()
            self.pen.line(text, "note")

    def summary(self, run: Run, folder: Path, reports: tuple[Path, ...], resume: str = "") -> None:
        with self._lock:
            self._in_the_open()
        super().summary(run, folder, reports, resume)

    def _fold(self, text: str, style: str) -> None:
        if not self._folded:
            self._since = self._clock()
        self._folded.append(self.pen.rendered(text, style))
        self._flush_if_due()

    def _flush_if_due(self) -> None:
        full = self._results >= RESULTS or len(self._folded) >= LINES
        if full or (self._folded and self._clock() - self._since >= PATIENCE):
            self._in_the_open()

    def _in_the_open(self) -> None:
        """Close the group of images and builds, and write that of tests: what comes next stands in no group."""
        if self._open:
            self._open = False
            self.pen.write("::endgroup::\n")
        if self._folded:
            group = [f"::group::{self._title()}", *self._folded, "::endgroup::", ""]
            self.pen.write("\n".join(group))
        self._above += self._results
        self._folded, self._results = [], 0

    def _title(self) -> str:
        first, last = self._above + 1, self._above + self._results
        if last < first:
            return "tests in flight"
        return f"tests {first} to {last} of {self.total}" if last > first else f"test {last} of {self.total}"
