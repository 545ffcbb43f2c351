"""What the counter tells of a boot, added up by function as it comes: no more is kept than the file has functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootmatrix.counting import tables
from bootmatrix.places.place import TENDER
from bootmatrix.watching.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bootmatrix.counting.program import Program

LINE = re.compile(rb"count (?:([0-9a-f]{1,16}) ([0-9a-f]{1,256}) ([0-9]{1,20})|more ([0-9]{1,20})|(ready|end))")
LONGEST = 1024  # bytes of a line, more than the longest that the counter writes
NOISE = r"count [^\n]*"  # what of the tender's messages is the counter's
NOWHERE = ("(in no function)", "")
MORE = ("(more code than is told apart)", "")


class Tally(Witness):
    """`total` is how many instructions were executed, `end` whether up to `ready` or to the `end`; empty: that was not
    told, and there is no total.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.total, self.end = 0, ""
        self._of = [0] * len(program.functions)
        self._nowhere = self._more = 0
        self._open = b""

    def saw(self, stream: str, chunk: bytes) -> None:
        if stream != TENDER:
            return
        *lines, self._open = (self._open + chunk).split(b"\n")
        if len(self._open) > LONGEST:
            self._open = b"-"  # no line of ours, and neither is its rest
        for line in lines:
            if found := LINE.fullmatch(line):
                self._add(found)

    def _add(self, found: re.Match[bytes]) -> None:
        start, sizes, times, more, end = found.groups()
        if end:
            self.end = end.decode()
        elif more:
            self._more += int(more)
            self.total += int(more)
        else:
            self._stretch(int(start, 16), sizes, int(times))

    def _stretch(self, address: int, sizes: bytes, times: int) -> None:
        """Instructions that lie one after the other, each with its size as a hexadecimal digit."""
        self.total += times * len(sizes)
        end, index = 0, None
        for digit in sizes:
            if address >= end:
                index = self.program.at(address)
                end = address + 1 if index is None else self._end(index, address)
            if index is None:
                self._nowhere += times
            else:
                self._of[index] += times
            address += int(chr(digit), 16)

    def _end(self, index: int, address: int) -> int:
        """Up to which address this one's function reaches, where the code runs."""
        function = self.program.functions[index]
        return function.end if function.start <= address < function.end else address + 1

    def functions(self) -> bytes:
        """A table of those that were executed, with their instructions, the most first."""
        named = zip(self._names(), self._of, strict=True)
        rows = [(*name, count) for name, count in (*named, (NOWHERE, self._nowhere), (MORE, self._more)) if count]
        rows.sort(key=lambda row: (-row[2], row[0], row[1]))
        return tables.written(tables.COUNTED, rows)

    def coverage(self) -> bytes:
        """A table of all, and whether any instruction of each was executed."""
        rows = [
            (each.name, each.file, each.line, int(count > 0))
            for each, count in zip(self.program.functions, self._of, strict=True)
        ]
        return tables.written(tables.COVERED, rows)

    def _names(self) -> Iterable[tuple[str, str]]:
        return ((each.name, each.file) for each in self.program.functions)
