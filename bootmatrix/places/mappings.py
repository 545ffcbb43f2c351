"""Finds a guest's own memory among the mappings of its tender: by its size, since no tender says where it is.

Source: Linux, Documentation/filesystems/proc.rst: /proc/PID/smaps. `agent_usage.c` does the same inside containers.

solo5-spt maps a guest's memory but for its first 64 KiB, anonymous, as several neighbours with different rights; that
of solo5-hvt is shared memory, in neighbours, too; QEMU's is one anonymous mapping of just that size, which may have
neighbours of other uses, and on aarch64 two more of 64 MiB for its flash, of which hardly a page is used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

KIB = 1024
LESS, MORE = 1 << 20, 64 << 10  # bytes by which neighbours together may differ from the guest's memory
LAST = b"\nVmFlags:"  # what the last line of each mapping begins with
HEAD = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ ([0-9]+)(.*)$", re.MULTILINE)


class Mapping(NamedTuple):
    """Addresses in bytes, `resident` and `shared` (its proportional set) in KiB; `file` is its number, 0 if none."""

    start: int
    end: int
    file: int
    mine: bool
    """Whether it may be a guest's: it can be read, and is of no file that has a name."""
    resident: int
    shared: int


def of(smaps: bytes) -> list[Mapping]:
    """Those of a process; a QEMU has hundreds, of 20 lines each, so that not each line is looked at."""
    found = []
    for text in smaps.split(LAST)[:-1]:
        if head := HEAD.search(text):
            start, end, rights, file, name = head.groups()
            mine = rights.startswith(b"r") and (file == b"0" or name.endswith(b" (deleted)"))
            each = (int(start, 16), int(end, 16), int(file), mine, _kib(text, b"\nRss:"), _kib(text, b"\nPss:"))
            found.append(Mapping(*each))
    return found


def _kib(text: bytes, key: bytes) -> int:
    at = text.find(key) + len(key)
    return int(text[at : text.index(b"kB", at)])


def guest(mappings: list[Mapping], memory: int) -> int | None:
    """Bytes of the guest's memory that are resident, if it has so many; None if there is no such mapping."""
    own = [each for each in mappings if each.mine]
    fitting = [each.resident for each in own if each.end - each.start == memory] or _near(own, memory)
    return max(fitting) * KIB if fitting else None


def _near(own: list[Mapping], memory: int) -> list[int]:
    """What is resident of neighbours that together are about as large."""
    return [
        sum(each.resident for each in run)
        for run in _runs(own)
        if memory - LESS <= run[-1].end - run[0].start <= memory + MORE
    ]


def _runs(own: list[Mapping]) -> Iterator[list[Mapping]]:
    run: list[Mapping] = []
    for each in own:
        if run and (each.start, each.file) != (run[-1].end, run[-1].file):
            yield run
            run = []
        run.append(each)
    if run:
        yield run
