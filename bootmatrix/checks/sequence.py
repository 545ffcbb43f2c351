"""The checks of a boot: in their order, those of `parallel` at once, and none after one that failed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.checks import targets, trying
from bootmatrix.checks.check import Failed, Report
from bootmatrix.checks.ends import Ended
from bootmatrix.model import CheckStatus
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bootmatrix.checks.check import World
    from bootmatrix.matrix.keys.checks import OneCheck


@dataclass
class Made:
    """A check, and what has become of it: `status` is None as long as it waits, or is under way since `began`. `late`:
    its time was over.
    """

    check: OneCheck
    name: str
    status: CheckStatus | None = None
    began: float | None = None
    seconds: float = 0.0
    message: str = ""
    report: Report = field(default_factory=Report)
    late: bool = False
    rounds: int = 0
    """How often it has passed, where checks go round."""


class Checking:
    """Makes the checks in threads of its own, from `begin` until they are done or `end` is called.

    They are made again as long as `again` says so when all have passed. `stretch` times its own time is what each has.
    Whoever asks finds in `made` what has become of each so far; `trouble` is an error that is no fault of the guest.
    """

    def __init__(
        self,
        checks: Sequence[OneCheck],
        world: World,
        *,
        clock: Callable[[], float] = time.monotonic,
        stretch: float = 1.0,
        again: Callable[[], bool] | None = None,
    ) -> None:
        names = iter(targets.names([each for check in checks for each in check.each]))
        self._groups = [[Made(each, next(names)) for each in check.each] for check in checks]
        self._world, self._clock, self._stretch, self._again = world, clock, stretch, again
        self._thread: threading.Thread | None = None
        self.done = threading.Event()
        self.trouble: BaseException | None = None

    @property
    def made(self) -> list[Made]:
        return [each for group in self._groups for each in group]

    def begin(self) -> None:
        """Once, however often it is called."""
        if self._thread is None:
            self._thread = _started(self._all)

    def end(self, seconds: float) -> None:
        """Ends what is under way at once, and waits for that so long at most."""
        self._world.ends.end()
        self._world.console.close()
        if self._thread is not None:
            self._thread.join(seconds)

    def _all(self) -> None:
        try:
            while self._round() and self._again and self._again():
                pass
        finally:
            self.done.set()

    def _round(self) -> bool:
        """Each once; whether all have passed."""
        for group in self._groups:
            self._together(group)
            if self.trouble or any(each.status != CheckStatus.PASSED for each in group):
                return False
        return True

    def _together(self, group: list[Made]) -> None:
        beside = [_started(self._one, each) for each in group[1:]]
        self._one(group[0])
        for thread in beside:
            thread.join()

    def _one(self, made: Made) -> None:
        made.began = self._clock()
        try:
            where = targets.of(made.check, self._world.interfaces)
            made.report = trying.passed(made.check, *where, self._world, self._clock, self._stretch)
            status: CheckStatus | None = CheckStatus.PASSED
            made.rounds += 1
        except Failed as error:
            made.message, made.late = _in_its_round(str(error), made.rounds), error.late
            made.report = error.report or made.report
            status = CheckStatus.FAILED
        except Ended:
            status = None
        except BaseException as error:  # noqa: BLE001  # whoever looks on raises it
            if not self._world.ends.stop.is_set():  # else the end of the boot has made it
                self.trouble = error
            status = None
        made.seconds = self._clock() - made.began
        made.status = status


def _in_its_round(message: str, passed_before: int) -> str:
    return f"{message} (after it had passed {how_many(passed_before, 'time')})" if passed_before else message


def _started(what: Callable[..., None], *given: object) -> threading.Thread:
    """A thread that keeps no program alive."""
    thread = threading.Thread(target=what, args=given, name="check", daemon=True)
    thread.start()
    return thread


def passed(made: Iterable[Made]) -> bool:
    return all(each.status == CheckStatus.PASSED for each in made)
