"""The worker threads. A failed task takes the tasks that need it with it, never the run."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from bootmatrix.errors import BootmatrixError, Fatal
from bootmatrix.program import leaving, unexpected
from bootmatrix.schedule.task import Later

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    def run(self) -> bool:
        """Whether nothing runs any more; what was not begun is left on the board.

        Some seconds after `stop` the threads that still run are given up: what holds them may last for ever.
        """
        names = [f"worker {number}" for number in range(self._hands())]
        threads = [threading.Thread(target=self._work, name=name, daemon=True) for name in names]
        for thread in threads:
            thread.start()
        end = None
        while alive := [thread for thread in threads if thread.is_alive()]:
            alive[0].join(POLL)  # a signal's handler runs between two of these
            if end is None and self.stop.is_set():
                end = time.monotonic() + leaving.WORKERS
            if end is not None and time.monotonic() > end:
                return False
        return True

    def _hands(self) -> int:
        return min(self.board.slots, len(self.board.waiting))

    def _work(self) -> None:
        while task := self._next():
            done = self._done(task)
            if isinstance(done, Later):
                self._postpone(task, done)
            else:
                self._finish(task, done)

    def _next(self) -> Task | None:
        with self._changed:
            while not self.stop.is_set() and self.board.waiting:
                if task := self.board.take():
                    return task
                self._changed.wait(POLL)
        return None

    def _done(self, task: Task) -> Later | BootmatrixError | None:
        """What of the task is left for later, or why it failed; None if it is done."""
        try:
            return task.act()
        except BootmatrixError as error:
            return error
        except BaseException as error:  # noqa: BLE001  # a bug in one task is not the end of the others
            return unexpected.told(error)

    def _postpone(self, task: Task, rest: Later) -> None:
        with self._changed:
            self.board.postpone(task, rest)
            self._changed.notify_all()

    def _finish(self, task: Task, error: BootmatrixError | None) -> None:
        if isinstance(error, Fatal):
            self._stop_for(error)
        with self._changed:
            lost = [] if self.stop.is_set() else list(self.board.finished(task, error))
        if error and not isinstance(error, Fatal):
            self._tell((task, *lost), error)
        with self._changed:
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
