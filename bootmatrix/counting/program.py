"""A unikernel's ELF file: where its own code can lie in memory, and which functions it has there."""

from __future__ import annotations

import bisect
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from bootmatrix import files

if TYPE_CHECKING:
    from pathlib import Path

RANGES = 32  # of memory, at the most: the counter has room for two names of each
SECONDS, MEMORY = 20, 1 << 30  # of a processor, and bytes, that reading it may take
DEADLINE = 120.0  # seconds, on a host that has other things to do
READING = "bootmatrix.counting.reading"


class Function(NamedTuple):
    """`end` is the first address after it; `file` and `line` say where its source is, `""` and 0 if that is unknown."""

    start: int
    end: int
    name: str
    file: str = ""
    line: int = 0


class Segment(NamedTuple):
    """A part of the file in memory: its address as the code sees it, as it is loaded, and its size in bytes."""

    virtual: int
    physical: int
    size: int


@dataclass(frozen=True)
class Program:
    """`functions` are in the order of their addresses and do not overlap."""

    segments: tuple[Segment, ...]
    functions: tuple[Function, ...]
    _starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", [each.start for each in self.functions])

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Each start and end once: before it has page tables of its own, a guest runs at the addresses of loading."""
        both = ((at, at + each.size) for each in self.segments for at in (each.virtual, each.physical))
        return tuple(dict.fromkeys(both))

    def at(self, address: int) -> int | None:
        """The number of the function that has an address, None if it is in none."""
        found = self._at(address)
        if found is None:
            for each in self.segments:
                if each.physical <= address < each.physical + each.size and each.physical != each.virtual:
                    return self._at(address - each.physical + each.virtual)
        return found

    def _at(self, address: int) -> int | None:
        index = bisect.bisect_right(self._starts, address) - 1
        return index if index >= 0 and address < self.functions[index].end else None


def read(file: Path) -> Program:
    """Raises ValueError if it is no ELF file of 64 bits, or an odd one; OSError if it cannot be read."""
    with files.opened(file) as stream:
        found = json.loads(_told(stream.fileno()))
    if "error" in found:
        raise ValueError(found["error"])
    return Program(
        tuple(Segment(*each) for each in found["segments"]), tuple(Function(*each) for each in found["functions"])
    )


def _told(descriptor: int) -> bytes:
    """What the process that reads it tells. It finds our modules where we do, and none in its working folder."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-P", "-m", READING, str(SECONDS), str(MEMORY)]
    try:
        done = subprocess.run(
            command, stdin=descriptor, capture_output=True, check=False, timeout=DEADLINE, cwd="/", env=environment
        )
    except subprocess.TimeoutExpired:
        raise ValueError("it takes too long to be read") from None
    if done.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        raise ValueError("it takes too long to be read")
    if done.returncode:
        raise ValueError(f"the process that reads it ended with {done.returncode}")
    return done.stdout
