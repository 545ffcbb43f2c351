"""A process is followed to its end, or ended when a witness wants it: what was printed, how long it took, and why."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.place import CONSOLE, END
from bootmatrix.quantities import human_time
from bootmatrix.texts import Record
from bootmatrix.watching import witnesses
from bootmatrix.watching.clock import Clock
from bootmatrix.watching.linger import Linger
from bootmatrix.watching.sieve import Sieve
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.witness import NOTHING, Ending, Findings, Moment

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from bootmatrix.places.place import Exit, Process
    from bootmatrix.watching.limits import Limits
    from bootmatrix.watching.stop import Stop
    from bootmatrix.watching.witness import Witness

TENDER_LIMIT = 1 << 20
TICK = 0.1  # seconds between looks at the witnesses
ASKS = 8  # times that more time is given for what a place stood still: it may be its guest that keeps it from going on
REPRIEVE = 64  # chunks that are still read after a deadline: they came before it, however late we read


@dataclass(frozen=True)
class Watched:
    """What was seen of a process: `exit` is None if we ended it ourselves, and then `stop` says why. `stood` is
    how many of the `seconds` we stood still ourselves.
    """

    console: Record
    tender: Record
    seconds: float
    exit: Exit | None
    stop: Stop | None = None
    stood: float = 0.0
    findings: Findings = field(default_factory=Findings)

    @property
    def stopped(self) -> str:
        """Why it was ended though it had not ended by its own word either; empty if it was not."""
        return self.stop.text if self.stop and not self.stop.is_its_own_end else ""

    @property
    def late(self) -> bool:
        """Whether we ended it since a deadline had passed."""
        return bool(self.stop and self.stop.is_late)

    def is_for(self, kind: StopKind) -> bool:
        return bool(self.stop and self.stop.kind == kind)


def watch(
    process: Process,
    limits: Limits,
    interruption: threading.Event,
    *,
    also: Sequence[Witness] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Watched:
    """Follow a process to its end, or end it at a limit. What we ended is never told as its own end.

    Time in which we stood still ourselves, or the process's place did, counts against no limit; InfrastructureError if
    that made a check late. `also` are witnesses besides those of the limits.
    """
    looking_on = [*also, *witnesses.of(limits, interruption)]
    return _Watcher(limits, looking_on, Clock(clock, process.begun)).follow(process)


class _Watcher:
    def __init__(self, limits: Limits, looking_on: Sequence[Witness], clock: Clock) -> None:
        self.limits, self.witnesses, self.clock = limits, looking_on, clock
        self.last = clock.started  # when a console byte came last
        self.console, self.tender = Record(limits.kept or limits.size), Record(TENDER_LIMIT)
        self.sieve = Sieve(limits.noise)
        self.linger: Linger | None = None  # once there is nothing more to ask
        self.checked: Stop | None = None  # all was answered, before any deadline
        self.asks = ASKS

    def follow(self, process: Process) -> Watched:
        try:
            for witness in self.witnesses:
                witness.began(process, self.clock.started)
            end, stop = self._to_the_end(process)
        except BaseException:
            for witness in self.witnesses:
                witness.abandoned()
            raise
        self.tender.add(self.sieve.rest())
        seconds = self.clock.passed() if end is None or end.seconds is None else end.seconds
        found = [witness.ended(Ending(end, stop)) for witness in self.witnesses]
        if stop:
            process.kill()
        return Watched(self.console, self.tender, seconds, end, stop, self.clock.stood, reduce(or_, found, NOTHING))

    def _to_the_end(self, process: Process) -> tuple[Exit | None, Stop | None]:
        """How it ended, or why to end it; one that closes its output may run on: the deadlines hold all the same."""
        reprieve = REPRIEVE
        while not ((stop := self._asked(process)) and stop.is_final):
            grace = self._grace(process, stop) if stop else self._patience()
            item = process.read(self.clock.waiting(grace))
            if not grace and (item is None or not reprieve):
                return None, stop
            reprieve -= not grace
            if item is None:
                continue
            kind, chunk = item
            if kind == END:
                return process.wait(), None
            self._take(kind, chunk)
        return None, stop

    def _take(self, kind: str, chunk: bytes) -> None:
        if kind == CONSOLE or self.limits.merge:
            self.last = self.clock.now()
            self.console.add(chunk)
            kind = CONSOLE
        else:
            self.tender.add(self.sieve.sift(chunk))
        for witness in self.witnesses:
            witness.saw(kind, chunk)

    def _asked(self, process: Process) -> Stop | None:
        """Why to end the process now. It may be late, or silent, since its place stood still: that is asked before."""
        stop = self._wanted()
        if not (stop and (stop.is_late or stop.is_its_own_end)) or not self.asks:
            return stop
        known = process.stood()
        if known is None:
            return None
        if self.clock.heed(known):
            self.asks -= 1
            self.last = min(self.last, self.clock.now())
            stop = self._wanted()
        if stop and self.clock.until > stop.since:
            stood = human_time(self.clock.stood)
            raise InfrastructureError(f"{stop.text}, but meanwhile it or bootmatrix stood still, for {stood} in all")
        return stop

    def _wanted(self) -> Stop | None:
        moment = self._moment()
        for witness in self.witnesses:
            if stop := witness.tick(moment):
                moment = replace(moment, stop=stop)
        return self.checked if self.checked and moment.stop and moment.stop.is_late else moment.stop

    def _grace(self, process: Process, stop: Stop) -> float:
        """Seconds in which it may still end by itself, until that is asked again."""
        if not stop.is_checked:
            return 0.0
        now = self.clock.now()
        if stop.kind == StopKind.CHECKED:
            self.checked = stop
        self.linger = self.linger or Linger(process if self.checked else None, self.limits.cpus, now)
        return self.linger.rest(now)

    def _patience(self) -> float:
        """Seconds until there is something to look at."""
        moment = self._moment()
        due = min(witness.due(moment) for witness in self.witnesses)
        return min(TICK, max(0.001, due - moment.now))

    def _moment(self) -> Moment:
        now = self.clock.now()
        return Moment(now, now - self.last, self.console)
