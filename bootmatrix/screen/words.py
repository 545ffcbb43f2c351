"""What is shown, as text: made safe for a terminal, cut to a width, times in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from bootmatrix.model import VERDICTS, Verdict
from bootmatrix.quantities import human_time
from bootmatrix.texts import harmless

if TYPE_CHECKING:
    from bootmatrix.model import Result

LONGEST = 4096  # characters of a line that are shown
WIDTH = max(map(len, VERDICTS))
MINUTE, HOUR = 60, 3600


def safe(text: str) -> str:
    """One line, without anything that a terminal would obey: control characters (C1, too), or marks that turn the
    direction of writing.
    """
    return harmless(text[:LONGEST])


def fit(text: str, width: int, dots: str = "…") -> str:
    """A safe text in at most `width` columns; its end is cut."""
    text = text[: 4 * width + 4]  # marks that take no column of their own are no way round the width
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - len(dots))}{dots}" if width > len(dots) else dots[: max(0, width)]


def squeeze(text: str, width: int, dots: str = "…") -> str:
    """A safe text in at most `width` columns; its middle is cut, as the end of an id says which test it is."""
    if cell_len(text) <= width:
        return text
    tail = (width - len(dots)) // 2
    if tail < 1 or not text.isascii():
        return fit(text, width, dots)
    return f"{text[: width - len(dots) - tail]}{dots}{text[-tail:]}"


def lines_of(reason: str) -> tuple[str, str]:
    """The two lines of a reason that matter: the first, and the last if there is another; stripped."""
    lines = [line.strip() for line in reason.strip().split("\n")]
    return (lines[0] if lines else "", lines[-1] if len(lines) > 1 else "")


def in_one_line(text: str) -> str:
    """A remark whose remedy stands below it, as a screen tells it that has one line for it."""
    return "; ".join(line.strip() for line in text.strip().split("\n"))


def details(result: Result) -> str:
    """What stands behind a result's id."""
    if result.reused:
        return f"  (reused from run {result.reused})"
    if result.verdict == Verdict.PASSED:
        again = f"  {result.reason.partition(chr(10))[0]}" if len(result.attempts) > 1 else ""
        return f"  {human_time(result.seconds)}{f' ({result.accelerator})' if result.accelerator else ''}{again}"
    return f"  {result.reason.partition(chr(10))[0]}"


def whole(seconds: float) -> str:
    """A time that goes on: `7 s`, `1 min 5 s`, `2 h 3 min`."""
    return f"{int(seconds)} s" if seconds < MINUTE else human_time(int(seconds))
