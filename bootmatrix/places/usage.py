"""What a job uses of its host while it runs: a sample about each second, taken where it runs."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 1.0  # seconds between samples
LINE = re.compile(rb"([0-9]{1,15}) ([0-9]{1,15}) ([0-9]{1,15}) ([pr])ss")
LONGEST = 1 << 16  # bytes that are read at once: what a pipe holds
PAGE, TICKS = os.sysconf("SC_PAGESIZE"), os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """`seconds` since the job began, `cpu` the seconds of processor time of all its processes so far, `memory` in bytes
    what they have now: their proportional set, where a page that several share counts in parts; or if not
    `proportional`, all that is resident.
    """

    seconds: float
    cpu: float
    memory: int
    proportional: bool = True


class Reader:
    """Samples from the pipe of an agent, a line each. What is no such line is passed over."""

    def __init__(self, pipe: int) -> None:
        self._pipe, self._part = pipe, b""

    def samples(self) -> list[Sample]:
        """Those that have come since this was called last."""
        try:
            self._part += os.read(self._pipe, LONGEST)
        except BlockingIOError:
            return []
        *lines, self._part = self._part.split(b"\n")
        self._part = self._part[-LONGEST:]
        found = (LINE.fullmatch(line) for line in lines)
        return [
            Sample(int(each[1]) / 1000, int(each[2]) / 1000, int(each[3]) * 1024, each[4] == b"p")
            for each in found
            if each
        ]

    def close(self) -> None:
        os.close(self._pipe)


def of(root: int, seconds: float) -> Sample | None:
    """A sample of a process and its descendants; None if it has ended."""
    cpu, memory, proportional, known = 0.0, 0, True, False
    for process in _family(root):
        with contextlib.suppress(OSError, ValueError, IndexError):
            cpu += _cpu(process)
            some, exact = _memory(process)
            memory, proportional, known = memory + some, proportional and exact, True
    return Sample(round(seconds, 3), cpu, memory, proportional) if known else None


def _family(root: int) -> list[Path]:
    """The folders below /proc of a process and its descendants."""
    found, waiting = [], [root]
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        found.append(folder)
        with contextlib.suppress(OSError):
            for thread in (folder / "task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
    return found


def _cpu(process: Path) -> float:
    """Seconds, those of its children that have ended among them.

    Source: proc_pid_stat(5), fields 14 to 17; the name before them may hold anything.
    """
    fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def _memory(process: Path) -> tuple[int, bool]:
    """Bytes, and whether they are its proportional set: that of another user's process is closed.

    Source: Linux, Documentation/filesystems/proc.rst: smaps_rollup, statm.
    """
    try:
        rolled = (process / "smaps_rollup").read_bytes()
    except PermissionError:
        resident = int((process / "statm").read_bytes().split()[1]) * PAGE
        return resident, not resident
    found = (line.split()[1] for line in rolled.splitlines() if line.startswith(b"Pss:"))
    return int(next(found, 0)) * 1024, True  # one that is just ending has no memory any more
