"""The numbers that a guest prints again and again, each with the time at which it came."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from bootmatrix import patterns, texts
from bootmatrix.places.place import CONSOLE
from bootmatrix.watching.thinning import Thinned
from bootmatrix.watching.witness import Ending, Findings, Moment, Series, Witness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bootmatrix.places.place import Process

FILE = "series.csv"
HEADER = ("seconds", "name", "value")
MOST = 1024  # values of each that are kept
LINES = 2048  # that are looked at of those that come at once: more are of a guest that does nothing but print
LONGEST = 64 << 10  # bytes of a line: the rest of a longer one is not looked at


class Numbers(Witness):
    """Ends nothing. `wanted` are regular expressions, by name, whose only group is the number; each line is looked at
    for itself as soon as it is whole. UserError if an expression takes too long on one.
    """

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self._wanted = wanted
        self._found: dict[str, Thinned[float]] = {name: Thinned(MOST) for name in wanted}
        self._data, self._began, self._last = bytearray(), 0.0, 0.0

    def began(self, process: Process, now: float) -> None:
        del process
        self._began = now

    def saw(self, stream: str, chunk: bytes) -> None:
        if stream == CONSOLE:
            self._data += chunk

    def tick(self, moment: Moment) -> None:
        self._last = moment.now - self._began
        *lines, rest = self._data.split(b"\n")
        self._data = rest[:LONGEST]
        self._look(lines)

    def ended(self, ending: Ending) -> Findings:
        del ending
        self._look(self._data.split(b"\n"))
        known = {name: found.kept for name, found in self._found.items() if found.kept}
        if not known:
            return Findings()
        series = {name: Series(points) for name, points in known.items()}
        return Findings(files={FILE: _written(known)}, series=series)

    def _look(self, lines: Sequence[bytearray]) -> None:
        """All that came at once: a guest may print a million lines a second, of which hardly any is kept."""
        for line in lines[:LINES]:
            wanted = [name for name, found in self._found.items() if found.takes(self._last)]
            if not wanted:
                return
            text = texts.clean(bytes(line[:LONGEST]))
            for name in wanted if text else ():
                for number in patterns.numbers(self._wanted[name], text):
                    self._found[name].add(self._last, number)


def _written(known: Mapping[str, list[tuple[float, float]]]) -> bytes:
    """As CSV: a name may hold a comma."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows((f"{at:.3f}", name, f"{value:.12g}") for name, points in known.items() for at, value in points)
    return text.getvalue().encode("utf-8", "replace")
