"""What a job uses of its host while it runs: a sample about each second or as often as asked, taken where it runs."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from bootmatrix.places import mappings

INTERVAL = 1.0  # seconds between samples where nothing else is asked for
LINE = re.compile(rb"([0-9]{1,15}) ([0-9]{1,15}) ([0-9]{1,15}) ([pr])ss ([0-9]{1,15}|-)")
HAD = re.compile(rb"had ([0-9]{1,15}) ([0-9]{1,15})")
EARLIEST = 1 / 2  # of that time, before which not even the first sample comes
LONGEST = 1 << 16  # bytes that are read at once: what a pipe holds
PAGE, TICKS = os.sysconf("SC_PAGESIZE"), os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """`seconds` since the job began, `cpu` the seconds of processor time of all its processes so far, `memory` in bytes
    what they have now: their proportional set, where a page that several share counts in parts; or if not
    `proportional`, all that is resident. `guest` is what the guest has of it, apart from its tender; None where that
    cannot be told.
    """

    seconds: float
    cpu: float
    memory: int
    proportional: bool = True
    guest: int | None = None


@dataclass(frozen=True)
class Had:
    """`seconds` that a job has run so far, without those in which what it is in stood still, which it did last so long
    `ago`, or then the job began.
    """

    seconds: float
    ago: float


class Told:
    """What an agent says of its job while that runs, a line each: samples, and what time that had. What is no such line
    is passed over.
    """

    def __init__(self) -> None:
        self._part, self._samples = b"", list[Sample]()
        self._had: Had | None = None

    def take(self, some: bytes) -> None:
        """What has come, however it was cut."""
        *lines, self._part = (self._part + some).split(b"\n")
        self._part = self._part[-LONGEST:]
        for line in lines:
            if found := LINE.fullmatch(line):
                self._samples.append(_sample(found))
            elif found := HAD.fullmatch(line):
                self._had = Had(int(found[1]) / 1000, int(found[2]) / 1000)

    def samples(self) -> list[Sample]:
        """Those that have come since this was called last."""
        found, self._samples = self._samples, []
        return found

    def had(self) -> Had | None:
        """What has come since this was called last."""
        found, self._had = self._had, None
        return found


class Reader:
    """What an agent tells, from its pipe."""

    def __init__(self, pipe: int) -> None:
        self.descriptor, self._told = pipe, Told()
        self._first = 0.0  # before that, on the monotonic clock, there is no sample

    def samples(self) -> list[Sample]:
        """Those that have come since this was called last."""
        if time.monotonic() < self._first:  # as in most boots, to their end
            return []
        self._take()
        return self._told.samples()

    def had(self) -> Had | None:
        """What has come since this was called last."""
        self._take()
        return self._told.had()

    def forget(self, interval: float) -> None:
        """What has come so far is of the job before; the next one begins now, with so many seconds between samples."""
        self._take()
        self._told = Told()
        self._first = time.monotonic() + EARLIEST * interval

    def _take(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._told.take(os.read(self.descriptor, LONGEST))

    def close(self) -> None:
        os.close(self.descriptor)


def _sample(line: re.Match[bytes]) -> Sample:
    """Milliseconds twice, KiB, which kind, KiB."""
    guest = None if line[5] == b"-" else int(line[5]) * 1024
    return Sample(int(line[1]) / 1000, int(line[2]) / 1000, int(line[3]) * 1024, line[4] == b"p", guest)


def of(root: int, seconds: float, memory: int = 0) -> Sample | None:
    """A sample of a process and its descendants; None if it has ended. `memory` is the guest's, in bytes; 0 if there is
    no guest.
    """
    cpu, used, proportional, known, guest = 0.0, 0, True, False, list[int]()
    for process in _family(root):
        with contextlib.suppress(OSError, ValueError, IndexError):
            cpu += _cpu(process)
            some, exact, own = _memory(process, memory)
            used, proportional, known = used + some, proportional and exact, True
            guest += [] if own is None else [own]
    return Sample(round(seconds, 3), cpu, used, proportional, max(guest, default=None)) if known else None


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


def _memory(process: Path, guest: int) -> tuple[int, bool, int | None]:
    """Bytes, whether they are its proportional set (that of another user's process is closed), and those of a guest
    that has so many.

    Source: Linux, Documentation/filesystems/proc.rst: smaps, smaps_rollup, statm.
    """
    try:
        text = (process / ("smaps" if guest else "smaps_rollup")).read_bytes()
    except PermissionError:
        resident = int((process / "statm").read_bytes().split()[1]) * PAGE
        return resident, not resident, None
    if guest:
        found = mappings.of(text)
        return sum(each.shared for each in found) * 1024, True, mappings.guest(found, guest)
    rolled = (line.split()[1] for line in text.splitlines() if line.startswith(b"Pss:"))
    return int(next(rolled, 0)) * 1024, True, None  # one that is just ending has no memory any more
