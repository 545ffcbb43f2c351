"""Writes safe, styled lines to the output, in its encoding, and never an error if nobody reads them."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style

from bootmatrix.model import Verdict
from bootmatrix.screen.words import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

STYLES = {
    Verdict.PASSED: "green",
    Verdict.FLAKY: "yellow",
    Verdict.UNDECIDED: "yellow",
    Verdict.SKIPPED: "cyan",
    Verdict.EXPECTED_FAILURE: "cyan",
    Verdict.QUARANTINED: "magenta",
    Verdict.FAILED: "bold red",
    Verdict.CONTRADICTED: "bold red",
    Verdict.TIMED_OUT: "bold red",
    Verdict.UNEXPECTED_PASS: "bold red",
    Verdict.ERROR: "bold magenta",
    "note": "yellow",
    "good": "bold green",
    "bad": "bold red",
    "running": "blue",
    "to do": "dim",
}
LOG = 200  # columns of a line in a log
COMMAND = re.compile(r"[^!-~]*::")  # a workflow command: GitHub skips white space before it

Span = tuple[str, str]  # text and style
Line = tuple[str, int]  # as it is written, and how many columns it takes


class Pen:
    """Writes to a rich console's file, without rich's rendering: that takes 300 µs for each line.

    `github`: no line that comes from outside may be a workflow command.
    """

    def __init__(self, console: Console, *, github: bool = False) -> None:
        self.console, self.github = console, github
        self.file = console.file  # what stands for sys.stdout later is not meant
        self.coloured = console.color_system is not None
        self.colours = self.coloured and not console.no_color
        self.unicode = console.encoding.lower().startswith("utf")
        self._lock = threading.RLock()
        self._waiting: list[str] = []
        self._writing = self._unread = False

    @property
    def width(self) -> int:
        """Columns that a line of somebody else's may take: those of the terminal; a log is read anywhere."""
        return self.console.size.width if self.console.is_terminal else LOG

    def line(self, text: str, style: str = "") -> None:
        self.write(self.rendered(text, style) + "\n")

    def rendered(self, text: str, style: str = "") -> str:
        """One line, whatever the text is; without its end."""
        text = self._guarded(self.encodable(safe(text)))
        if not style or not self.coloured:
            return text
        before, after = _codes(style, self.colours)
        return f"{before}{text}{after}"

    def joined(self, spans: Iterable[Span]) -> Line:
        """A line of several styles, and how many columns it takes."""
        parts = list(spans)
        return "".join(self.rendered(*part) for part in parts), sum(cell_len(text) for text, _ in parts)

    def encodable(self, text: str) -> str:
        if self.unicode or text.isascii():
            return text
        encoding = self.console.encoding
        return text.replace("…", "...").encode(encoding, "replace").decode(encoding, "replace")

    def _guarded(self, text: str) -> str:
        if not self.github:
            return text
        text = text.replace("##[", "## [")
        return f"| {text}" if COMMAND.match(text) else text

    def write(self, text: str) -> None:
        """Write as it is. A signal's handler may come in between, and leaves its text to the write that it stopped."""
        with self._lock:
            self._waiting.append(text)
            if self._writing:
                return
            self._writing = True
            try:
                while self._waiting:
                    self._put(self._waiting.pop(0))
            finally:
                self._writing = False

    def _put(self, text: str) -> None:
        if self._unread:
            return
        try:
            self.file.write(text)
            self.file.flush()
        except (OSError, ValueError):  # the reader has gone; the run goes on, and its reports are written
            self._unread = True
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())  # nothing more to flush


@lru_cache(maxsize=64)
def _codes(style: str, colours: bool) -> tuple[str, str]:
    """What a terminal is told before and after a text of this style."""
    parsed = Style.parse(STYLES.get(style, style))
    shown = parsed if colours else parsed.without_color
    before, _, after = shown.render("\0", color_system=ColorSystem.STANDARD).partition("\0")
    return before, after
