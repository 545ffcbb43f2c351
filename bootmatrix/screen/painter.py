"""Lines at the bottom of a terminal that change in place, below others that stay: in one write, without a flicker."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.screen.pen import Line, Pen

# Nothing of this outlives the write, not even if the program is killed: an update that terminals show at once
# (DEC private mode 2026, ignored by those that do not know it), no cursor, no line that wraps.
BEGIN, END = "\x1b[?2026h\x1b[?25l\x1b[?7l\r", "\x1b[?7h\x1b[?25h\x1b[?2026l"
UP, ERASE_LINE, ERASE_LINE_END, ERASE_BELOW = "\x1b[{}A", "\x1b[2K", "\x1b[K", "\x1b[J"


class Painter:
    """Writes only the lines that changed, and the last one, behind which the cursor waits."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen
        self._lines: list[Line] = []  # that stand there
        self._size = (0, 0)

    def paint(self, above: Sequence[Line], frame: Sequence[Line], size: tuple[int, int]) -> None:
        """Write the lines `above` for good, and the frame below them; the terminal has `size` columns and lines."""
        lines = list(frame[max(0, len(frame) - size[1] + 1) :])
        if (lines, size) == (self._lines, self._size) and not above:
            return
        start, standing = self._start(size)
        rows = [*above, *lines]
        last = len(rows) - 1
        changes = [
            "" if old == new and row < last else _over(old, new)
            for row, (old, new) in enumerate(zip_longest(standing[: len(rows)], rows))
        ]
        text = "\n".join(changes)
        self.pen.write(f"{BEGIN}{start}{text}{ERASE_BELOW}{END}")
        self._lines, self._size = lines, size

    def leave(self) -> None:
        """What was painted stays, and the next line comes below it."""
        if self._lines:
            self.pen.write("\n")
        self.forget()

    def forget(self) -> None:
        """The cursor is where somebody else left it: paint anew from there."""
        self._lines = []

    def _start(self, size: tuple[int, int]) -> tuple[str, list[Line]]:
        """The way up to the first line, and what stands there then.

        A terminal that became narrower has broken the lines; erased one by one, it forgets where.
        """
        width, height = size
        if not self._lines or size == self._size:
            up = len(self._lines) - 1
            return UP.format(up) if up > 0 else "", self._lines
        rows = sum(max(1, -(-columns // width)) for _, columns in self._lines)
        return ERASE_LINE + (UP.format(1) + ERASE_LINE) * (min(rows, height) - 1), []


def _over(old: Line | None, new: Line) -> str:
    """Erased first only where it becomes shorter: some terminals keep the old length, and break it when they shrink."""
    return f"{ERASE_LINE if old and old[1] > new[1] else ''}{new[0]}{ERASE_LINE_END}"
