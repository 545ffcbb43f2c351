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
    """`act` does it; `lost` is told why it was not done, or why `act` raised."""

    key: str
    needs: tuple[str, ...]
    act: Callable[[], None]
    lost: Callable[[BootmatrixError], None]


def run(tasks: Iterable[Task], workers: int, stop: threading.Event) -> None:
    """Run every task after those that it needs; after `stop`, start none and tell the rest that they are lost."""
    waiting = {task.key: task for task in tasks}
    missing = {key: set(task.needs) for key, task in waiting.items()}
    dependents: dict[str, list[str]] = {}
    for key, task in waiting.items():
        for need in task.needs:
            dependents.setdefault(need, []).append(key)
    running: dict[Future[None], Task] = {}
    with ThreadPoolExecutor(workers) as pool:
        ready = [key for key, needs in missing.items() if not needs]
        while ready or running:
            while ready and len(running) < workers and not stop.is_set():
                task = waiting.pop(ready.pop(0))
                running[pool.submit(task.act)] = task
            if stop.is_set() and not running:
                break
            done, _ = wait(running, timeout=POLL, return_when=FIRST_COMPLETED)
            for future in done:
                task = running.pop(future)
                error = _trouble(future)
                if error:
                    task.lost(error)
                    _lose(task.key, error, waiting, dependents)
                else:
                    for key in dependents.get(task.key, []):
                        missing[key].discard(task.key)
                        if not missing[key] and key in waiting:
                            ready.append(key)
    for task in list(waiting.values()):
        task.lost(InfrastructureError("the run was interrupted before this was tried"))


def _trouble(future: Future[None]) -> BootmatrixError | None:
    error = future.exception()
    if error is None or isinstance(error, BootmatrixError):
        return error
    import traceback  # noqa: PLC0415

    where = traceback.extract_tb(error.__traceback__)[-1]
    return InfrastructureError(
        f"bootmatrix itself failed: {type(error).__name__}: {error} ({where.name}, line {where.lineno})"
    )


def _lose(key: str, error: BootmatrixError, waiting: dict[str, Task], dependents: dict[str, list[str]]) -> None:
    for name in dependents.get(key, []):
        task = waiting.pop(name, None)
        if task:
            task.lost(error)
            _lose(name, error, waiting, dependents)
