"""How long the history may take: whatever a database holds, and whoever has it locked, a run comes to its end."""

from __future__ import annotations

import os
import time

from bootmatrix.errors import Problem, UserError

VARIABLE = "BOOTMATRIX_HISTORY_PATIENCE"
SECONDS = 60.0
EACH = 0.001  # seconds more for each row: several times what one takes


class Late(Exception):
    """The deadline has passed."""


class Deadline:
    """From now on. `rows` are the results that are to be recorded or read, each of which is allowed some time.

    UserError if the environment says no number of seconds.
    """

    def __init__(self, rows: int = 0) -> None:
        self.seconds = patience() + rows * EACH
        self._begun = time.monotonic()

    def allow(self, rows: int) -> None:
        """So many rows more are asked for."""
        self.seconds += rows * EACH

    def left(self) -> float:
        """Seconds, never below 0."""
        return max(0.0, self._begun + self.seconds - time.monotonic())

    def passed(self) -> bool:
        return not self.left()

    def check(self) -> None:
        """Raises Late."""
        if self.passed():
            raise Late


def patience() -> float:
    text = os.environ.get(VARIABLE) or str(SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < 1 << 20:
        what = f"{VARIABLE} is '{text}', which is not a number of seconds"
        raise UserError(Problem(what, remedy=f"write a number such as {SECONDS:g}")) from None
    return seconds
