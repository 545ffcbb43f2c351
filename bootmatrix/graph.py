"""Tasks that need one another, run by a pool of threads: one that fails takes its dependents with it, never the run."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.errors import BootmatrixError, InfrastructureError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

POLL = 0.2  # seconds between looks at the user's wish to stop


@dataclass(frozen=True)
class Task:
    """`act` does it; `lost` is told why it was not done, or why `act` raised. Each task ends in one of the two.

    Two tasks of one `lane` never run at the same time; the empty lane is open to all.
    """

    key: str
    needs: tuple[str, ...]
    act: Callable[[], None]
    lost: Callable[[BootmatrixError], None]
    lane: str = ""


def run(tasks: Iterable[Task], workers: int, stop: threading.Event) -> None:
    """Run every task after those that it needs; after `stop`, start none and tell the rest that they are lost."""
    board = _Board(tasks)
    running: dict[Future[None], Task] = {}
    with ThreadPoolExecutor(workers) as pool:
        while running or (board.ready and not stop.is_set()):
            while len(running) < workers and not stop.is_set() and (task := board.take()):
                running[pool.submit(task.act)] = task
            done, _ = wait(running, timeout=POLL, return_when=FIRST_COMPLETED)
            for future in done:
                board.finished(running.pop(future), _trouble(future))
    for task in board.waiting.values():
        task.lost(InfrastructureError("the run was interrupted before this was tried"))


class _Board:
    """The tasks that were not begun: `ready` are the keys of those that need nothing any more."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self.waiting = {task.key: task for task in tasks}
        self.missing = {key: set(task.needs) for key, task in self.waiting.items()}
        self.ready = [key for key, needs in self.missing.items() if not needs]
        self.busy: set[str] = set()
        self.dependents: dict[str, list[str]] = {}
        for key, task in self.waiting.items():
            for need in dict.fromkeys(task.needs):
                self.dependents.setdefault(need, []).append(key)

    def take(self) -> Task | None:
        """The first task that is ready and whose lane is free."""
        for index, key in enumerate(self.ready):
            lane = self.waiting[key].lane
            if lane not in self.busy:
                del self.ready[index]
                self.busy |= {lane} - {""}
                return self.waiting.pop(key)
        return None

    def finished(self, task: Task, error: BootmatrixError | None) -> None:
        self.busy.discard(task.lane)
        if error:
            task.lost(error)
            self._lose(task.key, error)
            return
        for key in self.dependents.get(task.key, []):
            self.missing[key].discard(task.key)
            if not self.missing[key] and key in self.waiting:
                self.ready.append(key)

    def _lose(self, key: str, error: BootmatrixError) -> None:
        for name in self.dependents.get(key, []):
            task = self.waiting.pop(name, None)
            if task:
                task.lost(error)
                self._lose(name, error)


def _trouble(future: Future[None]) -> BootmatrixError | None:
    error = future.exception()
    if error is None or isinstance(error, BootmatrixError):
        return error
    import traceback  # noqa: PLC0415

    where = traceback.extract_tb(error.__traceback__)[-1]
    return InfrastructureError(
        f"bootmatrix itself failed: {type(error).__name__}: {error} ({where.name}, line {where.lineno})"
    )
