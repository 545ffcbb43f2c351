"""Locks between processes that share a cache: two runs do not make the same thing twice."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from bootmatrix import files, host, keys
from bootmatrix.errors import InfrastructureError, Problem

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

TICK = 0.05
FOLDER = "locks"


@contextlib.contextmanager
def held(name: str, stop: threading.Event) -> Iterator[None]:
    """Wait until no other process has it; raises InfrastructureError if the run is stopped before.

    The kernel gives it back when the process dies.
    """
    descriptor = _opened(host.cache(), keys.of(name))
    try:
        while not _locked(descriptor):
            if stop.wait(TICK):
                raise InfrastructureError(f"the run was interrupted while it waited for {name}")
        yield
    finally:
        os.close(descriptor)


def _opened(cache: Path, name: str) -> int:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        folder = files.folder(cache, FOLDER)
        try:
            return files.continued(folder / name, 0o600)
        except OSError:
            return _replaced(folder, name)
    except OSError as error:
        what = f"the lock {cache / FOLDER / name} cannot be opened: {error.strerror}"
        raise InfrastructureError(Problem(what, remedy=f"remove {cache / FOLDER} when no run is active")) from None


def _replaced(folder: Path, name: str) -> int:
    """What is there is no lock of ours. Of several who see that, the first removes it, and the others find the new."""
    guard = os.open(folder, files.FOLDER)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        return files.taken(folder / name, 0o600)
    finally:
        os.close(guard)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
