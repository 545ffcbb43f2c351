"""What is left of a job on this host: processes that left its group are found by a mark in their environment."""

from __future__ import annotations

import os

MARK = "BOOTMATRIX_JOB"
CHUNK = 1 << 16


def processes(group: int, mark: str) -> list[int]:
    """Those of a group or with a mark, but zombies, which have no environment any more.

    Each boot looks at all processes of this host: a Path for each would take three times as long.
    """
    wanted, grouped = f"\0{MARK}={mark}\0".encode(), _has_members(group)
    numbers = [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208  # as above
    return [number for number in numbers if _is_left(number, wanted, group if grouped else 0)]


def _is_left(process: int, wanted: bytes, group: int) -> bool:
    try:
        if wanted in b"\0%b\0" % _read(f"/proc/{process}/environ"):
            return True
        return bool(group) and os.getpgid(process) == group and bool(_read(f"/proc/{process}/cmdline"))
    except OSError:  # it is gone, or another user's
        return False


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = chunk = os.read(descriptor, CHUNK)
        while len(chunk) == CHUNK:
            chunk = os.read(descriptor, CHUNK)
            found += chunk
        return found
    finally:
        os.close(descriptor)


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
