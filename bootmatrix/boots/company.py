"""The guests of one test, while they boot together: who waits for whom, who is done, and who has failed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.witness import Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bootmatrix.model import Interface
    from bootmatrix.places.namespace import Shared
    from bootmatrix.places.place import Process

TICK = 0.1  # seconds between looks whether the run is interrupted
LOOK = 0.01  # seconds between looks at the others: the last to be done shall not wait for its end


class Abandoned(Exception):
    """A guest is not started: another one has failed before, or the run was interrupted."""


class Company:
    """What the guests of one attempt know of each other; `together` are those that start at the same time."""

    def __init__(self, guests: Iterable[str], together: Iterable[str], stop: threading.Event) -> None:
        self._left, self._starting = set(guests), set(together)
        self._ready: set[str] = set()
        self._failed: list[str] = []
        self._stop = stop
        self._changed = threading.Condition()

    @property
    def failed(self) -> str:
        """The guest that was the first to fail, empty while none has."""
        return self._failed[0] if self._failed else ""

    @property
    def is_done(self) -> bool:
        """Whether nothing more is asked of any of them."""
        return not self._left

    def is_waiting(self, guest: str) -> bool:
        """Whether nothing more is asked of it."""
        return guest not in self._left

    def fail(self, guest: str) -> None:
        """All others are to be ended."""
        with self._changed:
            self._failed.append(guest)
            self._changed.notify_all()

    def done(self, guest: str) -> None:
        """Nothing more is asked of it: it has ended, or may be ended."""
        with self._changed:
            self._left.discard(guest)
            self._changed.notify_all()

    def ready(self, guest: str) -> None:
        """Those that wait for it may start."""
        with self._changed:
            self._ready.add(guest)
            self._changed.notify_all()

    def start(self, guest: str) -> None:
        """Wait until all that start together can; raises Abandoned."""
        with self._changed:
            self._starting.discard(guest)
            self._changed.notify_all()
            self._wait(lambda: not self._starting)

    def follow(self, guests: Iterable[str]) -> None:
        """Wait until these are ready; raises Abandoned."""
        wanted = set(guests)
        with self._changed:
            self._wait(lambda: wanted <= self._ready)

    def _wait(self, enough: Callable[[], bool]) -> None:
        """Each guest fails, becomes ready or is done within its own limits."""
        while not (enough() or self._failed or self._stop.is_set()):
            self._changed.wait(TICK)
        if not enough():
            raise Abandoned


@dataclass
class Member(Witness):
    """A guest among the others: ends it when one of them has failed, or when all are done. `port` is its number.

    `begun` is when it began, on the monotonic clock, 0 before.
    """

    name: str
    company: Company
    shared: Shared | None
    port: int
    together: bool = True
    interfaces: Sequence[Interface] = ()
    begun: float = field(default=0.0, init=False)
    _process: Process | None = field(default=None, init=False)

    def begin(self) -> None:
        """All is ready: it starts with those that start together. Raises Abandoned."""
        if self.together:
            self.company.start(self.name)

    def done(self) -> None:
        self.company.done(self.name)

    def waits(self) -> bool:
        return self.company.is_waiting(self.name)

    def ready(self) -> None:
        """Whoever waits for it may start, and reaches it from now on."""
        if self._process and self._process.namespace and self.interfaces:
            from bootmatrix.networks import laying  # noqa: PLC0415  # 0.3 s

            laying.hurry(self._process.namespace, self.interfaces)
        self.company.ready(self.name)

    def began(self, process: Process, now: float) -> None:
        del now
        self.begun, self._process = process.begun, process

    def tick(self, moment: Moment) -> Stop | None:
        del moment
        if self.company.failed:
            return Stop(StopKind.ABANDONED, f"the guest '{self.company.failed}' failed")
        return Stop(StopKind.CHECKED, "nothing more is asked of any guest") if self.company.is_done else None

    def due(self, moment: Moment) -> float:
        return moment.now + LOOK
