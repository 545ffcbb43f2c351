"""The interface of a screen: what a run reports while it runs."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bootmatrix.model import GOOD_VERDICTS
from bootmatrix.screen.summary import told

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from bootmatrix.model import Result, Run, Verdict
    from bootmatrix.screen.pen import Pen

BOOT = "boot "


@dataclass(frozen=True)
class Shape:
    """What a run is going to do: the axes with their values, in order; each cell's values and how many tests it has,
    by its id; how many tests there are in all.
    """

    axes: Mapping[str, Sequence[str]]
    cells: Mapping[str, Mapping[str, str]]
    tests: Mapping[str, int]
    boots: int


class Screen(ABC):
    """Any thread may call any method, a signal's handler `note`. None raises for what it is told or where it goes.

    `failing`: good verdicts that are as bad as a failed test's in this run.
    """

    quiet: ClassVar[bool] = False

    def __init__(self, pen: Pen, *, verbose: bool = False, failing: Collection[Verdict] = ()) -> None:
        self.pen, self.verbose = pen, verbose
        self.good = GOOD_VERDICTS - {*failing}
        self._lock = threading.RLock()

    @property
    def wants_consoles(self) -> bool:
        """Whether `console` is to be called."""
        return self.verbose

    @abstractmethod
    def showing(self, shape: Shape, left: Callable[[], float | None]) -> AbstractContextManager[None]:
        """While the run lasts; `left` tells the seconds that the rest will take, None if nothing is known."""

    @abstractmethod
    def working(self, what: str) -> AbstractContextManager[Callable[[str], None]]:
        """While `what` lasts (`boot <id>`, `image <name>`, `build <name>`); what is yielded takes its last line."""

    @abstractmethod
    def made(self, kind: str, name: str, seconds: float) -> None:
        """An image or a build was made."""

    @abstractmethod
    def failed(self, kind: str, name: str, reason: str) -> None:
        """An image or a build could not be made."""

    @abstractmethod
    def note(self, text: str) -> None: ...

    @abstractmethod
    def attempt(self, test: str, number: int, reason: str) -> None:
        """An attempt that did not pass; there may be another."""

    @abstractmethod
    def postponed(self, test: str, reason: str) -> None:
        """An attempt that was starved of processor time: there is another at the end of the run."""

    @abstractmethod
    def console(self, test: str, chunk: bytes) -> None:
        """What a guest printed."""

    @abstractmethod
    def result(self, result: Result) -> None: ...

    def summary(self, run: Run, folder: Path, reports: tuple[Path, ...], resume: str = "") -> None:
        """What the run came to, after all else; `resume` is the command that resumes it if it was cut short."""
        width = self.pen.width
        for text, style in told(run, folder, reports, good=self.good, quiet=self.quiet, resume=resume, width=width):
            self.pen.line(text, style)
