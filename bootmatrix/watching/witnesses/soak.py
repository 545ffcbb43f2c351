"""How long a guest is soaked: from when it is ready until its time is over, and then nothing more is asked of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix.quantities import human_time
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Ending, Findings, Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.place import Process


class Soak(Witness):
    """`seconds` from the boot's beginning, or from when `begin` is called if not `at_once`. `then` is called once they
    are over; if nobody is to be called, the boot is ended.
    """

    def __init__(self, seconds: float, then: Callable[[], None] | None, *, at_once: bool = True) -> None:
        self.seconds = seconds
        self._then, self._at_once = then, at_once
        self._process_began, self._wanted = 0.0, at_once
        self._began, self._over = math.nan, False

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
        cut_short = ending.exit and not self._over
        why = f"the guest ended before its soak of {human_time(self.seconds)} was over"
        return Findings(soaked=self._began - self._process_began, undone=(why,) if cut_short else ())
