"""Whether others want this host's processors: seconds in which something had to wait for one."""

from __future__ import annotations

from pathlib import Path

FILE = Path("/proc/pressure/cpu")


def waited() -> float | None:
    """Seconds since the host was started in which something that could run waited for a processor, as the mean of the
    processors that were busy; None where this kernel does not tell.

    Source: Linux, Documentation/accounting/psi.rst: `some … total=` is in microseconds, and counted when it is read.
    """
    try:
        return int(FILE.read_text().partition("total=")[2].split()[0]) / 1e6
    except (OSError, ValueError, IndexError):
        return None
