"""Threads that do the tasks of a board: one that fails takes its dependents with it, never the run."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from bootmatrix import unexpected
from bootmatrix.errors import BootmatrixError, Fatal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bootmatrix.schedule.board import Board
    from bootmatrix.schedule.task import Task

POLL = 0.2  # seconds between looks at the user's wish to stop


class Crew:
    """Does all tasks of a board, as many at once as it has room for. After `stop` none is begun.

    `fatal` is then the error that stopped it, None if that was the user's wish.
    """

    def __init__(self, board: Board, stop: threading.Event) -> None:
        self.board, self.stop = board, stop
        self.fatal: Fatal | None = None
        self._changed = threading.Condition()
        self._running = 0
        self._parked = 0  # of those that run: they wait to be alone
        self._alone = False

    def run(self) -> None:
        """Returns when nothing runs any more; what was not begun is left on the board."""
        threads = [threading.Thread(target=self._work, name=f"worker {number}") for number in range(self._hands())]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(POLL)  # a signal's handler runs between two of these

    def _hands(self) -> int:
        return min(self.board.room.cpus, len(self.board.waiting))

    def _work(self) -> None:
        while task := self._next():
            self._finish(task, self._done(task))

    def _next(self) -> Task | None:
        with self._changed:
            while not self.stop.is_set() and self.board.waiting:
                task = None if self._alone or self._parked else self.board.take()
                if task:
                    self._running += 1
                    return task
                self._changed.wait(POLL)
        return None

    def _done(self, task: Task) -> BootmatrixError | None:
        """Why the task failed, None if it did not."""
        try:
            task.act()
        except BootmatrixError as error:
            return error
        except BaseException as error:  # noqa: BLE001  # a bug in one task is not the end of the others
            return unexpected.told(error)
        return None

    def _finish(self, task: Task, error: BootmatrixError | None) -> None:
        if isinstance(error, Fatal):
            self._stop_for(error)
        with self._changed:
            lost = [] if self.stop.is_set() else list(self.board.finished(task, error))
        if error and not isinstance(error, Fatal):
            self._tell((task, *lost), error)
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def _tell(self, lost: Iterable[Task], error: BootmatrixError) -> None:
        """Tell them why they were not done; where even that is not possible, the run ends."""
        try:
            for task in lost:
                task.lost(error)
        except Fatal as fatal:
            self._stop_for(fatal)

    def _stop_for(self, error: Fatal) -> None:
        with self._changed:
            self.fatal = self.fatal or error
            self.stop.set()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """For a task that runs: wait until no other does, and let none begin."""
        with self._changed:
            self._parked += 1
            while (self._running > self._parked or self._alone) and not self.stop.is_set():
                self._changed.wait(POLL)
            self._parked -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
