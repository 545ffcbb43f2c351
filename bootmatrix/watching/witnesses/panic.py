"""A guest that panics, and then does not power off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.watching import lastwords
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.unhindered import SOON, Unhindered
from bootmatrix.watching.witness import Moment, Witness

if TYPE_CHECKING:
    from bootmatrix.places.place import Process


class Panic(Witness):
    """`expressions` fit lines of a panic. The console is looked at when it is silent, and once in a `pause` (in
    seconds) otherwise. Only time in which nothing keeps the guest, which can use so many `cpus`, from a processor
    says that it does no more.
    """

    def __init__(self, expressions: tuple[str, ...], idle: float | None = None, cpus: int = 1) -> None:
        self.expressions = expressions
        self.pause = min(lastwords.SURE, idle or lastwords.SURE)
        self._looked, self._looked_at = 0.0, 0  # when, and the console's length then
        self._silence = 0.0  # how long it must last
        self._endless = False
        self._silent, self._goes_on = Unhindered(cpus), Unhindered(cpus)  # since its last word, and since the panic

    def began(self, process: Process, now: float) -> None:
        self._looked = now
        self._silent.began(process)
        self._goes_on.began(process)

    def tick(self, moment: Moment) -> Stop | None:
        if self._has_ended(moment):
            return Stop(StopKind.PANIC, "the guest panicked and did not power off")
        return None

    def _has_ended(self, moment: Moment) -> bool:
        """A trace that goes on for ever is as good as silence; where the boot is ended anyway, silence may be short."""
        late, total = bool(moment.stop), moment.console.total
        due = moment.silent >= self.pause * SOON or moment.now - self._looked >= self.pause
        if total != self._looked_at and (late or due):
            self._look(moment)
        if self._endless or not self._silence or self._looked_at != total:
            return self._endless
        sure = self._silence <= lastwords.SURE
        self._endless = sure and self._goes_on.reached(moment.now, lastwords.GRACE)
        return self._endless or self._silent.reached(moment.now, self._silence, late=late) or (sure and late)

    def _look(self, moment: Moment) -> None:
        before, end = self._silence, moment.console.end(lastwords.LOOKED_AT)
        self._silence = lastwords.silence(self.expressions, end)
        self._looked, self._looked_at = moment.now, moment.console.total
        if self._silence:
            self._silent.begin(moment.now, moment.silent)
            if not before:
                self._goes_on.begin(moment.now)
