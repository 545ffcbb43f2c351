"""When a guest is ready: its console shows a pattern, or a check passes; then it is asked the rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix import patterns
from bootmatrix.checks.sequence import Checking, passed
from bootmatrix.places.place import CONSOLE
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Ending, Findings, Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.checks.check import World
    from bootmatrix.matrix.keys.checks import Ready as Wanted
    from bootmatrix.places.place import Process

BEFORE = 64 << 10  # bytes before what is new on the console among which the pattern is looked for, too
PATIENCE = 1.0  # seconds for the thread of a check to end
LOOK = 0.01  # seconds between looks at a check


class Ready(Witness):
    """`then` is called once it is; if nobody is to be called, the boot is ended. `stretch` times its own time is what a
    check has.
    """

    def __init__(
        self,
        wanted: Wanted,
        world: Callable[[Process], World],
        then: Callable[[], None] | None,
        *,
        stretch: float = 1.0,
    ) -> None:
        self.wanted, self._world_of, self._then, self._stretch = wanted, world, then, stretch
        self._world: World | None = None
        self._checking: Checking | None = None
        self._began, self._seen, self._at = 0.0, 0, math.nan

    @property
    def is_it(self) -> bool:
        return not math.isnan(self._at)

    def began(self, process: Process, now: float) -> None:
        self._began = now
        if not self.wanted.pattern:
            self._world = self._world_of(process)
            self._checking = Checking([self.wanted], self._world, stretch=self._stretch)
            self._checking.begin()

    def saw(self, stream: str, chunk: bytes) -> None:
        if stream == CONSOLE and self._world:
            self._world.console.add(chunk)

    def tick(self, moment: Moment) -> Stop | None:
        if not self.is_it and (stop := self._look(moment)):
            return stop
        if self.is_it and not self._then:
            return Stop(StopKind.CHECKED, "it was ready, and nothing more is asked of it")
        return None

    def _look(self, moment: Moment) -> Stop | None:
        if not self._checking:
            if self._shows(moment):
                self._is_ready(moment)
            return None
        if not self._checking.done.is_set():
            return None
        if self._checking.trouble:
            raise self._checking.trouble
        if passed(self._checking.made):
            self._is_ready(moment)
            return None
        late = any(each.late for each in self._checking.made)
        return Stop(StopKind.CHECK_LATE if late else StopKind.CHECKED, "it never became ready")

    def _shows(self, moment: Moment) -> bool:
        """Whether the console shows the pattern; looked at again when there is more."""
        new = moment.console.total - self._seen
        if not new or not self.wanted.pattern:
            return False
        self._seen = moment.console.total
        return patterns.find(self.wanted.pattern, moment.console.end(new + BEFORE)) >= 0

    def _is_ready(self, moment: Moment) -> None:
        self._at = moment.now - self._began
        if self._then:
            self._then()

    def due(self, moment: Moment) -> float:
        return moment.now + LOOK if self._checking and not self.is_it else math.inf

    def ended(self, ending: Ending) -> Findings:
        del ending
        if self._checking:
            self._checking.end(PATIENCE)
        if self.is_it:
            return Findings(ready=round(self._at, 4))
        return Findings(undone=(f"it never became ready: {self._why()}",))

    def _why(self) -> str:
        if self.wanted.pattern:
            return f"the console never showed {self.wanted.pattern}"
        made = self._checking.made[0] if self._checking else None
        return f"the check '{made.name}' {made.message or 'was not done'}" if made else "it did not begin"

    def abandoned(self) -> None:
        if self._checking:
            self._checking.end(0)
