"""Locks between processes that share a cache: two runs do not make the same thing twice."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from bootmatrix import host, keys
from bootmatrix.errors import InfrastructureError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

TICK = 0.05


@contextlib.contextmanager
def held(name: str, stop: threading.Event) -> Iterator[None]:
    """Wait until no other process has it; raises InfrastructureError if the run is stopped before.

    The kernel gives it back when the process dies.
    """
    folder = host.cache() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / keys.of(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _locked(descriptor):
            if stop.wait(TICK):
                raise InfrastructureError(f"the run was interrupted while it waited for {name}")
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
