"""Marks a run as alive, and cleans up after runs that died."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING, Self

from bootmatrix import disk, files, host
from bootmatrix.errors import InfrastructureError, printable
from bootmatrix.places.containers import engine
from bootmatrix.places.containers.settings import LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOCK, BOXES = "lock", "boxes"
KILLED_SECONDS = 5.0


def _work() -> Path:
    return host.cache() / host.WORK


class Lease:
    """A folder for what a run needs while it lives, locked until its process ends, however that comes about."""

    def __init__(self, run: str) -> None:
        self.run, self.folder = run, _work() / run

    def __enter__(self) -> Self:
        try:
            host.mark_as_cache(host.cache())
            self._lock = files.taken(files.folder(host.cache(), host.WORK, self.run) / LOCK, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InfrastructureError(f"run {self.run} is still active") from None
        except OSError as error:
            remedy = "set BOOTMATRIX_CACHE to a folder that this user may write, and whose disk has room"
            raise disk.full(self.folder, error, remedy) from None
        os.environ[host.RUN_MARK] = self.run
        return self

    @property
    def boxes(self) -> Path:
        """The folder through which its containers are spoken to; there is none before the first."""
        return self.folder / BOXES

    def __exit__(self, *_: object) -> None:
        os.environ.pop(host.RUN_MARK, None)
        with contextlib.suppress(OSError):  # what is left, the next run removes
            if not _has_boxes(self.run):  # else a container is left, and `sweep` will see to it
                files.remove(self.folder)
        os.close(self._lock)


def is_alive(run: str) -> bool:
    """Whether the run's process still holds its lease."""
    try:
        with files.opened(_work() / run / LOCK, below=_work()) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def longest_alive() -> float:
    """Seconds since the oldest run that still lives was begun; negative if none lives."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        locks = [folder / LOCK for folder in _work().iterdir() if is_alive(folder.name)]
        return max((time.time() - lock.lstat().st_mtime for lock in locks), default=-1.0)
    return -1.0


def sweep(note: Callable[[str], None]) -> None:
    """Remove what runs that died left on this host: containers, processes, folders."""
    for run in _dead():
        processes = _end_processes(run)
        containers = _containers(run)
        if containers is None:
            when = "its containers will be removed when the container engine answers"
            note(f"run {printable(run)} died; {when}")
            continue
        for container in containers:
            engine.remove(container)
        try:
            files.remove(_work() / run)
        except OSError as error:
            note(f"run {printable(run)} died; its files in {_work() / run} cannot be removed: {error.strerror}")
            continue
        found = [(len(containers), "container(s)"), (processes, "process(es)")]
        told = " and ".join(f"{count} {what}" for count, what in found if count)
        note(f"run {printable(run)} died; removed {told or 'the scratch folder'} that it left")


def _dead() -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for folder in sorted(_work().iterdir()):
            if not is_alive(folder.name):
                yield folder.name


def _containers(run: str) -> list[str] | None:
    """None if there may be some, but no engine answers."""
    if not _has_boxes(run):
        return []
    with contextlib.suppress(InfrastructureError):
        return engine.labelled(f"{LABEL}={run}")
    return None


def _has_boxes(run: str) -> bool:
    """Whether there may be containers: each has a folder as long as it is there."""
    with contextlib.suppress(OSError):
        return any((_work() / run / BOXES).iterdir())
    return False


def _end_processes(run: str) -> int:
    """Those that carry the run's mark, and what they started; how many."""
    import psutil  # noqa: PLC0415  # only after a run has died

    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(host.RUN_MARK) == run:
                found |= {each.pid: each for each in [process, *process.children(recursive=True)]}
    found.pop(os.getpid(), None)
    for process in found.values():
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(list(found.values()), timeout=KILLED_SECONDS)
    return len(found)
