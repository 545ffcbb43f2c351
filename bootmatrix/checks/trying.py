"""One check: tried until it passes, its time is over, or the boot ends."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bootmatrix.checks.check import Failed, Late, Report, Try
from bootmatrix.checks.ends import Ended
from bootmatrix.quantities import how_many, human_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.checks.check import World
    from bootmatrix.matrix.keys.checks import OneCheck

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.1  # seconds from the beginning of a try to that of the next, at least
FIRST_PATIENCE, MORE = (
    0.05,
    1.5,
)  # seconds for a first sign of life, and how much longer at each try: soon after a guest
# is up it is found, and one that is slow is found at last
LITTLE = 0.5  # of a check's time: a try that was cut off after less says little
SHORTEST = 0.005  # seconds that are too short for another try


def passed(
    check: OneCheck, network: str, address: str, world: World, clock: Callable[[], float], stretch: float = 1.0
) -> Report:
    """Its report. Raises Failed with the sentence for people, Ended, and BootmatrixError for what is no fault of the
    guest. `stretch` times its own time is what it has.
    """
    kind: Any = importlib.import_module(f"bootmatrix.checks.{check.kind}")
    seconds = check.within * stretch
    deadline, pause, patience = clock() + seconds, FIRST_PAUSE, FIRST_PATIENCE
    said: Failed | None = None
    tries = 0
    while True:
        began, tries = clock(), tries + 1
        tried = Try(world, network, address, deadline, patience if check.retries else seconds, check.retries, clock)
        try:
            report: Report = kind.ask(check.options, tried)
        except Failed as error:
            said = said if said and _was_cut_off(error, clock() - began, seconds) else error
        except Late:
            said = said or Failed("it was not done in time", late=True)
        else:
            return report
        left = deadline - clock()
        if said.final or not check.retries or left < SHORTEST:
            raise _worded(said, tries, seconds, over=left < SHORTEST)
        if world.ends.stop.wait(min(max(0.0, began + pause - clock()), left / 2)):
            raise Ended
        pause, patience = min(2 * pause, LONGEST_PAUSE), MORE * patience


def _was_cut_off(error: Failed, lasted: float, seconds: float) -> bool:
    """Whether the time was over before a last try could come to much: then one before says more. What it was told just
    then it was told.
    """
    return error.late and not error.final and lasted < seconds * LITTLE


def _worded(said: Failed, tries: int, seconds: float, *, over: bool) -> Failed:
    """How often and how long it was tried."""
    often = f"{how_many(tries, 'try')} within {human_time(seconds)}"
    return Failed(f"{said} ({often})" if over or tries > 1 else str(said), late=over or said.late, report=said.report)
