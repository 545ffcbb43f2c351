"""The logs of a shard, copied into the merged run: only files that a run of ours would have written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bootmatrix import files
from bootmatrix.runs import names

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 64 << 20
MOST = 10_000


def bring(source: Path, target: Path) -> None:
    """What making images and builds printed; of two of one name, the later gets a number."""
    logs = source / "logs"
    if logs.is_symlink() or not logs.is_dir():
        return
    found = sorted(entry.name for entry in os.scandir(logs) if names.LOG.fullmatch(entry.name))
    for name in found[:MOST]:
        fresh, number = name, 2
        while os.path.lexists(target / "logs" / fresh):
            fresh, number = f"{name.removesuffix('.log')}.{number}.log", number + 1
        files.brought(source, f"logs/{name}", target, LARGEST, f"logs/{fresh}")
