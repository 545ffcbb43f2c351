"""The number of processors that a process can have at once, by its affinity and its cgroups' quotas."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import host

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
GROUPS = Path("/sys/fs/cgroup")


def processors(process: int, proc: Path = PROC, groups: Path = GROUPS) -> float:
    """Affinity and quotas of a process, in processors; those of this one where it is gone."""
    try:
        least = float(len(os.sched_getaffinity(process)))
    except OSError:
        least = float(host.cores())
    return min(least, *_quotas(process, proc, groups), math.inf)


def _quotas(process: int, proc: Path, groups: Path) -> Iterator[float]:
    """Of each control group that the process is in, up to the highest that is to be seen from here.

    Source: cgroups(7): /proc/PID/cgroup has a line `number:controllers:path` for each hierarchy, that of version 2
    without controllers. In a container the paths may be those of the host, but what is mounted is the container's own.
    """
    try:
        lines = (proc / str(process) / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        read = _version_1 if "cpu" in controllers.split(",") else _version_2 if not controllers else None
        if read is None:
            continue
        parts = [part for part in path.split("/") if part]
        parts = [] if ".." in parts else parts  # it lies beside what is to be seen from here
        for root in _mounted(controllers, groups):
            for depth in range(len(parts), -1, -1):
                with contextlib.suppress(OSError, ValueError):
                    yield read(root.joinpath(*parts[:depth]))


def _mounted(controllers: str, groups: Path) -> tuple[Path, ...]:
    """Where a hierarchy is mounted: version 2 alone, or beside version 1."""
    return (groups / controllers, groups / "cpu") if controllers else (groups, groups / "unified")


def _version_1(group: Path) -> float:
    quota = int((group / "cpu.cfs_quota_us").read_text())
    return quota / int((group / "cpu.cfs_period_us").read_text()) if quota > 0 else math.inf


def _version_2(group: Path) -> float:
    quota, period = (group / "cpu.max").read_text().split()
    return math.inf if quota == "max" else int(quota) / int(period)
