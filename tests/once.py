"""What costs much to make, made once for all of pytest's workers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest


def shared(factory: pytest.TempPathFactory) -> Path:
    """The folder of this run of pytest, whose workers have folders of their own in it."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other worker has this folder."""
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name, which the first worker that wants it has filled by `make`, and which nobody changes.

    Where that raises, the next worker tries, and says so itself.
    """
    folder = shared(factory) / name
    done = folder.with_name(f"{name}.done")
    with alone(folder):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
