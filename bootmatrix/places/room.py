"""Room on this host's disks: what the disks of boots that run at once may come to hold is claimed before they begin."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from bootmatrix import disk
from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.quantities import human_size

if TYPE_CHECKING:
    from pathlib import Path

_lock = threading.Lock()
_claims: dict[Path, tuple[int, int]] = {}  # the device and the bytes, by folder


def claim(folder: Path, size: int) -> None:
    """So many bytes for the disks in a folder, until they are released.

    Raises InfrastructureError if there is no room for them beside those of other boots, OSError if it cannot be told.
    """
    if not size:
        return
    left, device = disk.room(os.statvfs(folder)), folder.stat().st_dev
    with _lock:
        others = sum(claimed for place, (where, claimed) in _claims.items() if where == device and place != folder)
        if size + others <= left:
            _claims[folder] = device, size
            return
    beside = f" beside {human_size(others)} of other boots" if others else ""
    what = f"the boot's disks may come to hold {human_size(size)}{beside}, more than this host has room for"
    remedy = "free some space there, make the disks smaller (`blocks`), or run fewer boots at once (-j)"
    raise InfrastructureError(Problem(f"{what}: {disk.of(folder)}", remedy=remedy))


def release(folder: Path) -> None:
    """What was claimed for a folder, if anything was."""
    with _lock:
        _claims.pop(folder, None)
