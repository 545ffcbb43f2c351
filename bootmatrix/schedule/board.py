"""Chooses the next task. Pure: without a clock or a thread.

The longest first, as far as its host has room for it: then no long one is begun last while the others have ended
(Graham, "Bounds on multiprocessing timing anomalies", 1969: at most 4/3 of the best).
"""

from __future__ import annotations

import heapq
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bootmatrix.errors import BootmatrixError
    from bootmatrix.schedule.capacity import Capacity
    from bootmatrix.schedule.task import Demand, Later, Task

SHORTEST = 0.25  # seconds: shorter tasks count as equal, and those of one container follow one another
STEPS = 2  # lengths within a factor of 2 ** (1 / STEPS) count as equal, for the same reason
OVERTAKEN = 64  # tasks that may overtake one that waits for room; then the others wait for it


class Board:
    """The tasks that were not begun, and what is left of each host, by its name; raises UserError if tasks need each
    other in a circle. `slots` is how many tasks run at once at the most; `postponed` are those that were begun once and
    put behind all others.
    """

    def __init__(self, tasks: Iterable[Task], hosts: Mapping[str, Capacity]) -> None:
        self.hosts, self.slots = hosts, sum(capacity.slots for capacity in hosts.values())
        self.waiting = {task.key: task for task in tasks}
        self._missing = {key: len(task.waits) for key, task in self.waiting.items() if task.needs or task.after}
        self._dependents: dict[str, list[str]] = {}
        for key, task in self.waiting.items():
            for need in sorted(task.waits):
                self._dependents.setdefault(need, []).append(key)
        self._behind = self._paths()
        self._ready: dict[Demand, list[tuple[float, int, str]]] = {}
        self.postponed: set[str] = set()
        self._held: list[str] = []  # of these, those that wait for the others to begin
        self._overtaken: dict[str, int] = {}
        self.left = sum(task.seconds for task in self.waiting.values())
        for key in self.waiting:
            if key not in self._missing:
                self._make_ready(key)

    def take(self) -> Task | None:
        """The next task for which there is room, None if there is none at the moment."""
        if len(self._held) == len(self.waiting):
            for key in self._held:
                self._make_ready(key)
            self._held.clear()
        passed: list[Task] = []  # more urgent, but without room
        awaited: set[str] = set()  # hosts whose other tasks wait for one of these
        for key in self._candidates():
            task = self.waiting[key]
            if task.demand.host in awaited:
                continue
            if self.hosts[task.demand.host].fits(task.demand):
                heapq.heappop(self._ready[task.demand])
                if not self._ready[task.demand]:
                    del self._ready[task.demand]
                self._begin(task, passed)
                return task
            passed.append(task)
            if self._overtaken.get(key, 0) >= OVERTAKEN:
                awaited.add(task.demand.host)
        return None

    def _candidates(self) -> list[str]:
        """The first of each kind, the most urgent first; makers step back where they would hold up what is ready on
        their host, and go first where nothing is made.
        """
        kinds = {(demand.host, demand.maker) for demand in self._ready}
        first = {name: self._goes_first(name, kinds) for name, _ in kinds}
        heads = sorted(
            (first[demand.host] not in (None, demand.maker), queue[0]) for demand, queue in self._ready.items()
        )
        return [key for _, (_, _, key) in heads]

    def _goes_first(self, host: str, kinds: set[tuple[str, bool]]) -> bool | None:
        """Whether a host's makers, or its boots, come before the others of that host; None if the urgent do."""
        boots, makers, capacity = (host, False) in kinds, (host, True) in kinds, self.hosts[host]
        if boots and capacity.making >= capacity.slots // 2:
            return False
        return True if makers and not capacity.making else None

    def _begin(self, task: Task, passed: Iterable[Task]) -> None:
        """It overtakes those of the same host that were passed over."""
        for other in passed:
            if other.demand.host == task.demand.host:
                self._overtaken[other.key] = self._overtaken.get(other.key, 0) + 1
        self.hosts[task.demand.host].take(task.demand)
        del self.waiting[task.key]
        self._overtaken.pop(task.key, None)
        self.left -= task.seconds

    def finished(self, task: Task, error: BootmatrixError | None = None) -> Iterator[Task]:
        """Give back what it used; yields those that are lost with it."""
        self.hosts[task.demand.host].give_back(task.demand)
        if error:
            yield from self._lose(task.key)
            return
        for key in self._dependents.pop(task.key, ()):
            self._ended_before(key)

    def _ended_before(self, key: str) -> None:
        """One of those that it waits for has ended."""
        self._missing[key] -= 1
        if not self._missing[key] and key in self.waiting:
            self._make_ready(key)

    def postpone(self, task: Task, rest: Later) -> None:
        """Give back what it used, and put what is left of it behind all that has not begun yet."""
        self.hosts[task.demand.host].give_back(task.demand)
        self.waiting[task.key] = replace(task, act=rest.act, seconds=rest.seconds)
        self._behind[task.key] = rest.seconds
        self.left += rest.seconds
        self.postponed.add(task.key)
        self._held.append(task.key)

    def _lose(self, key: str) -> Iterator[Task]:
        """Those that need a task which failed, and those that need them; what only came after it need wait no more."""
        for name in self._dependents.pop(key, ()):
            if name in self.waiting and key not in self.waiting[name].needs:
                self._ended_before(name)
            elif task := self.waiting.pop(name, None):
                self.left -= task.seconds
                yield task
                yield from self._lose(name)

    def _make_ready(self, key: str) -> None:
        task = self.waiting[key]
        heapq.heappush(self._ready.setdefault(task.demand, []), (-_length(self._behind[key]), task.order, key))

    def _paths(self) -> dict[str, float]:
        """For each task the seconds until all that needs it can have ended."""
        behind: dict[str, float] = {}
        open_ = {key: len(names) for key, names in self._dependents.items() if key in self.waiting}
        ends = [key for key in self.waiting if not open_.get(key)]
        while ends:
            key = ends.pop()
            task = self.waiting[key]
            after = (behind[name] for name in self._dependents.get(key, ()))
            behind[key] = task.seconds + max(after, default=0.0)
            for need in task.waits & open_.keys():
                open_[need] -= 1
                if not open_[need]:
                    ends.append(need)
        if len(behind) < len(self.waiting):
            raise UserError(
                "circular dependency between tasks: " + ", ".join(sorted(self.waiting.keys() - behind.keys())[:5])
            )
        return behind


def _length(seconds: float) -> float:
    """Rounded, so that neighbours of about one length keep the order of the report, and with it their container."""
    return round(STEPS * math.log2(max(seconds, SHORTEST)))
