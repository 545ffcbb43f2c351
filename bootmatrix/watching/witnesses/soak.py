"""How long a guest is soaked: from when it is ready until its time is over, and then nothing more is asked of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix.quantities import human_time
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Ending, Findings, Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.place import Exit, Process

EXACT = 10.0  # seconds from which on only whole ones are told: it never lived longer than is said


class Soak(Witness):
    """`seconds` from the boot's beginning, or from when `begin` is called if not `at_once`. `then` is called once they
    are over; if nobody is to be called, the boot is ended.
    """

    def __init__(self, seconds: float, then: Callable[[], None] | None, *, at_once: bool = True) -> None:
        self.seconds = seconds
        self._then, self._at_once = then, at_once
        self._process_began, self._wanted = 0.0, at_once
        self._began, self._over = math.nan, False
        self._looked = 0.0  # when the guest was seen to live last

    @property
    def goes_on(self) -> bool:
        """Whether its time is not over; asked by other threads, too."""
        return not self._over

    def began(self, process: Process, now: float) -> None:
        del process
        self._process_began = now
        if self._at_once:
            self._began = now

    def begin(self) -> None:
        """Once the guest is ready; calling it again changes nothing."""
        self._wanted = True

    def tick(self, moment: Moment) -> Stop | None:
        if self._wanted and math.isnan(self._began):
            self._began = moment.now
        self._looked = moment.now
        if not self._over and moment.now >= self._began + self.seconds:  # never, as long as it has not begun
            self._over = True
            if self._then:
                self._then()
        if self._over and not self._then:
            return Stop(StopKind.CHECKED, f"it was soaked for {human_time(self.seconds)}")
        return None

    def due(self, moment: Moment) -> float:
        del moment
        return math.inf if self._over or math.isnan(self._began) else self._began + self.seconds

    def ended(self, ending: Ending) -> Findings:
        if math.isnan(self._began):
            return Findings()
        lived = self._lived(ending.exit) if ending.exit else math.inf
        undone = (self._cut_short(lived),) if lived < self.seconds else ()
        return Findings(soaked=self._began - self._process_began, undone=undone)

    def _lived(self, end: Exit) -> float:
        """How long of its soak it lived, infinite if to its end. What its place has measured counts: we may have looked
        so late that the soak seemed over. But where we stood still, its time did not count.
        """
        measured = math.inf if end.seconds is None else self._process_began + end.seconds - self._began
        if measured < self.seconds:
            return max(0.0, measured)
        return math.inf if self._over else self._looked - self._began

    def _cut_short(self, lived: float) -> str:
        rest, all_of_it = human_time(self.seconds - lived), human_time(self.seconds)
        so_long = human_time(lived if lived < EXACT else math.floor(lived))
        return f"the guest ended by itself {rest} before its soak of {all_of_it} was over, after {so_long} of it"
