"""Bytes from the guest: read as they come, bounded, watched by deadlines on the monotonic clock."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.places.place import CONSOLE, END
from bootmatrix.quantities import human_size, human_time
from bootmatrix.texts import Record
from bootmatrix.watching import lastwords
from bootmatrix.watching.sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.place import Exit, Process
    from bootmatrix.places.strain import Strain

TENDER_LIMIT = 1 << 20
TOLD_WITHIN = 4096  # bytes at the console's end that hold the status line
TICK = 0.1  # seconds between looks at `stop` and at the clock
STILL = 1.0  # seconds by which a look is late where we stood still, and were not merely kept waiting
REPRIEVE = 64  # chunks that are still read after a deadline: they came before it, however late we read
INTERRUPTED = "interrupted"
LATE = ("no end within", "no console byte for")
Stop = threading.Event


@dataclass(frozen=True)
class Limits:
    """`timeout` and `idle` in seconds, `size` in bytes; `merge` counts the tender's output as console, of which
    the lines that fit `noise` are not kept. `exit_pattern` and `panic` are regular expressions of what a guest prints
    before it does no more.
    """

    timeout: float
    size: int
    idle: float | None = None
    merge: bool = False
    exit_pattern: str = ""
    noise: str = ""
    panic: tuple[str, ...] = ()


@dataclass(frozen=True)
class Watched:
    """What was seen of a process: `exit` is None if we ended it ourselves, and then either `stopped` says why, or
    `told` that the guest had printed its status and only did not power off, or `panicked` that it ended in a panic.
    `strain` is looked at then only. `stood` is how many of the `seconds` we stood still ourselves.
    """

    console: Record
    tender: Record
    seconds: float
    exit: Exit | None
    stopped: str = ""
    told: bool = False
    strain: Strain | None = None
    stood: float = 0.0
    panicked: bool = False

    @property
    def late(self) -> bool:
        """Whether we ended it since a deadline had passed."""
        return self.stopped.startswith(LATE)


def watch(
    process: Process,
    limits: Limits,
    stop: Stop,
    *,
    on_chunk: Callable[[bytes], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Watched:
    """Follow a process to its end, or end it at a limit. What we ended is never told as its own end.

    Time in which we stood still ourselves (stopped, frozen, suspended, held up by a terminal) counts against no limit.
    """
    watcher = _Watcher(limits, stop, clock, process.begun)
    end, reason = watcher.follow(process, on_chunk or (lambda _chunk: None))
    watcher.tender.add(watcher.sieve.rest())
    seconds = clock() - watcher.started if end is None or end.seconds is None else end.seconds
    strain = process.strain() if reason else None
    if reason:
        process.kill()
    told, panicked = reason == _TOLD, reason == _PANICKED
    stopped = "" if told or panicked else reason
    return Watched(watcher.console, watcher.tender, seconds, end, stopped, told, strain, watcher.stood, panicked)


_TOLD = "the guest told its status and did not power off"
_PANICKED = "the guest panicked and did not power off"


class _Watcher:
    def __init__(self, limits: Limits, stop: Stop, clock: Callable[[], float], started: float) -> None:
        self.limits, self.stop, self.clock = limits, stop, clock
        self.started = self.last = started
        self.stood, self._look, self._asked = 0.0, started, 0.0  # the last look, and how long we asked to wait after it
        self.console, self.tender = Record(limits.size), Record(TENDER_LIMIT)
        self.sieve = Sieve(limits.noise)
        self.told, self.looked_at = False, 0  # `looked_at`: the console's length when its end was last looked at
        self.panic = _Panic(limits.panic, min(lastwords.SURE, limits.idle or lastwords.SURE), started)

    def follow(self, process: Process, on_chunk: Callable[[bytes], None]) -> tuple[Exit | None, str]:
        """How it ended, or why to end it; one that closes its output may run on: the deadlines hold all the same."""
        reprieve = REPRIEVE
        while not (reason := self.too_long()):
            reason = self.overdue()
            item = process.read(self.wait(0 if reason else self.patience()))
            if reason and (reason == INTERRUPTED or item is None or not reprieve):
                return None, reason
            reprieve -= bool(reason)
            if item is None:
                continue
            kind, chunk = item
            if kind == END:
                return process.wait(), ""
            self.take(kind, chunk)
            if kind == CONSOLE or self.limits.merge:
                on_chunk(chunk)
        return None, reason

    def take(self, kind: str, chunk: bytes) -> None:
        if kind != CONSOLE and not self.limits.merge:
            self.tender.add(self.sieve.sift(chunk))
            return
        self.last = self.now()
        self.console.add(chunk)

    def now(self) -> float:
        """The time that counts: by how much a look comes later than we asked for is not the guest's doing."""
        look = self.clock()
        excess = look - self._look - self._asked
        if excess > STILL:
            self.stood += excess
        self._look, self._asked = look, 0.0
        return look - self.stood

    def wait(self, seconds: float) -> float:
        """So long nothing is looked at."""
        self._asked = seconds
        return seconds

    def overdue(self) -> str:
        """Why to end the process now; empty if nothing is due."""
        now = self.now()
        if self.stop.is_set():
            return INTERRUPTED
        if now - self.last >= self._grace() and self._told():
            return _TOLD
        late = self._late(now)
        if self.limits.panic and self.panic.ended(self.console, now, now - self.last, late=bool(late)):
            return _PANICKED
        return late

    def _late(self, now: float) -> str:
        if now - self.started >= self.limits.timeout:
            return f"{LATE[0]} {human_time(self.limits.timeout)}"
        if self.limits.idle and now - self.last >= self.limits.idle:
            return f"{LATE[1]} {human_time(self.limits.idle)}"
        return ""

    def too_long(self) -> str:
        return (
            f"the console is longer than {human_size(self.limits.size)}"
            if self.console.total > self.limits.size
            else ""
        )

    def patience(self) -> float:
        """Seconds until there is something to look at."""
        now = self.now()
        deadlines = [self.started + self.limits.timeout]
        if self.limits.idle:
            deadlines.append(self.last + self.limits.idle)
        if self.limits.exit_pattern and self.looked_at < self.console.total:
            deadlines.append(self.last + self._grace())
        return min(TICK, max(0.001, min(deadlines) - now))

    def _grace(self) -> float:
        return min(lastwords.GRACE, self.limits.idle or lastwords.GRACE)

    def _told(self) -> bool:
        if not self.limits.exit_pattern or self.looked_at == self.console.total:
            return self.told
        self.looked_at = self.console.total
        self.told = lastwords.is_status(self.limits.exit_pattern, self.console.end(TOLD_WITHIN))
        return self.told


class _Panic:
    """Whether a console ended in a panic, looked at when it is silent, and once in a `pause` (in seconds) otherwise."""

    def __init__(self, expressions: tuple[str, ...], pause: float, started: float) -> None:
        self.expressions, self.pause = expressions, pause
        self.looked, self.looked_at = started, 0  # when, and the console's length then
        self.silence, self.since = 0.0, started  # how long it must last, and since when the panic goes on
        self.endless = False

    def ended(self, console: Record, now: float, silent: float, *, late: bool) -> bool:
        """`late`: the boot will be ended anyway. A trace that goes on for ever is as good as silence."""
        if console.total != self.looked_at and (late or max(silent, now - self.looked) >= self.pause):
            self._look(console, now)
        if self.endless or not self.silence or self.looked_at != console.total:
            return self.endless
        sure = self.silence <= lastwords.SURE
        self.endless = sure and now - self.since >= lastwords.GRACE
        return self.endless or silent >= self.silence or (sure and late)

    def _look(self, console: Record, now: float) -> None:
        before, self.silence = self.silence, lastwords.silence(self.expressions, console.end(lastwords.LOOKED_AT))
        self.looked, self.looked_at = now, console.total
        if not before:
            self.since = now
