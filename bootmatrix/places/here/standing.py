"""Networks on this host, for people: its own programs stand in them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix.places.here import apart
from bootmatrix.places.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.places.namespace import Home

GONE_SECONDS, TICK = 5.0, 0.01


class Here(Standing):
    """Those of a namespace that one process holds."""

    def __init__(self, namespace: Home) -> None:
        self.namespace = namespace

    def command(self, argv: Sequence[str]) -> list[str]:
        return list(apart.inside(self.namespace, tuple(argv)))

    def ways_in(self, program: str) -> list[str]:
        return [f"with a program of this host: {' '.join(self.command(()))} {program}"]

    def interrupt(self) -> None:
        """The command is a program of this host: it does what it wants."""

    def clear(self) -> None:
        end = time.monotonic() + GONE_SECONDS
        while time.monotonic() < end and (found := list(self._inside())):
            for pidfd in found:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                os.close(pidfd)
            time.sleep(TICK)

    def _inside(self) -> Iterator[int]:
        """The processes that stand in it, but its holder, as descriptors: a number may be another's soon."""
        holder = Path("/proc", self.namespace.home)
        wanted = (holder / "ns" / "net").stat().st_ino
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and entry != holder:
                with contextlib.suppress(OSError):
                    pidfd = os.pidfd_open(int(entry.name))
                    if _is(entry, wanted):
                        yield pidfd
                    else:
                        os.close(pidfd)


def _is(process: Path, network: int) -> bool:
    try:
        return (process / "ns" / "net").stat().st_ino == network
    except OSError:  # it is gone, or another user's
        return False
