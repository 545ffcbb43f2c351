"""Looks on at a boot's checks: ends the boot when they are done, and tells what they came to.

It stands here and not among the other witnesses: those know nothing of a matrix, while checks are made of one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix.checks import telling
from bootmatrix.checks.sequence import Checking, passed
from bootmatrix.checks.strained import Strained
from bootmatrix.judging import metrics
from bootmatrix.model import CheckStatus
from bootmatrix.places.place import CONSOLE
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Ending, Findings, Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bootmatrix.checks.check import World
    from bootmatrix.checks.sequence import Made
    from bootmatrix.matrix.keys.checks import Check
    from bootmatrix.places.place import Process

FILE = "checks.log"
PATIENCE = 1.0  # seconds for the threads of checks to end
SELDOM = 0.1  # seconds between looks while they go round: what is sampled meanwhile shall not be our own doing
LOOK = 0.01  # seconds between looks while checks are under way: a boot shall not wait for its end


class Checks(Witness):
    """`world` is asked for what a boot's checks may use once its process runs. They begin with the boot, or `begin` is
    called if not `at_once`, and are made again as long as `again` says so. `then` is called once all have passed; if
    nobody is to be called, the boot is ended.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        world: Callable[[Process], World],
        *,
        at_once: bool = True,
        then: Callable[[], None] | None = None,
        stretch: float = 1.0,
        again: Callable[[], bool] | None = None,
    ) -> None:
        self._checks, self._world_of, self._stretch, self._again = checks, world, stretch, again
        self._at_once, self._then = at_once, then
        self._world: World | None = None
        self._checking: Checking | None = None
        self._strained: Strained | None = None
        self._late: Made | None = None
        self._told = False
        self._ready = False  # whether it was, and was then asked

    def began(self, process: Process, now: float) -> None:
        del now
        self._world = self._world_of(process)
        self._checking = Checking(self._checks, self._world, stretch=self._stretch, again=self._again)
        self._strained = Strained(process, self._stretch)
        if self._at_once:
            self._checking.begin()

    def begin(self) -> None:
        """Once the guest is ready; calling it again changes nothing."""
        if self._checking:
            self._ready = True
            self._checking.begin()

    def saw(self, stream: str, chunk: bytes) -> None:
        if stream == CONSOLE and self._world:
            self._world.console.add(chunk)

    def tick(self, moment: Moment) -> Stop | None:
        del moment
        checking = self._checking
        if not checking or not checking.done.is_set():
            if checking and self._strained:
                self._strained.look(checking.made)
            return None
        if checking.trouble:
            raise checking.trouble
        if not passed(checking.made):
            failed = [each for each in checking.made if each.status == CheckStatus.FAILED]
            first = min(failed, key=lambda each: each.late)  # a wrong answer is one, however late others are beside it
            self._late = first if first.late else None
            kind = StopKind.CHECK_LATE if first.late else StopKind.CHECKED
            return Stop(kind, f"the check '{first.name}' failed", first.began or math.inf)
        if not self._then:
            return Stop(StopKind.CHECKED, "all checks are done")
        if not self._told:
            self._told = True
            self._then()
        return None

    def due(self, moment: Moment) -> float:
        under_way = self._checking and not self._checking.done.is_set()
        if under_way and self._again and self._again():
            return moment.now + SELDOM
        return moment.now + LOOK if under_way else math.inf

    def ended(self, ending: Ending) -> Findings:
        if not self._checking:
            return Findings()
        had = self._strained.found(self._late) if self._strained and self._late else Findings()
        self._checking.end(PATIENCE)
        if self._checking.trouble and not (ending.stop and ending.stop.is_final):
            raise self._checking.trouble
        made, why = self._checking.made, _why(ending)
        undone = tuple(telling.undone(made, why))
        answered = self._ready or any(each.status == CheckStatus.PASSED for each in made)  # too late to skip itself
        return had | Findings(
            checks=tuple(telling.results(made, why)),
            complaints=(*telling.complaints(made), *(undone if answered else ())),
            undone=() if answered else undone,
            overtime=tuple(telling.overtime(made)) if self._stretch > 1 else (),
            metrics=tuple(found for each in made for found in metrics.found(each.check.metrics, each.report.whole)),
            files={FILE: telling.log(made)} if made else {},
        )

    def abandoned(self) -> None:
        if self._checking:
            self._checking.end(0)


def _why(ending: Ending) -> str:
    """Why nothing more could be asked of the guest."""
    return f"the boot was ended ({ending.stop.text})" if ending.stop else "the guest ended"
