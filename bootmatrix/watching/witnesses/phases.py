"""How far a boot has come: the console's first byte, and the signs that its runner knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import patterns
from bootmatrix.model import Phase, PhaseName
from bootmatrix.places.place import CONSOLE
from bootmatrix.watching.witness import Ending, Findings, Moment, Witness

if TYPE_CHECKING:
    from bootmatrix.model import Signs
    from bootmatrix.places.place import Process

LOOKED_AT = 1 << 20  # bytes of a stream, from its beginning, among which signs are looked for
LINE = 4096  # bytes of a line without an end that are looked at again with what follows


class Phases(Witness):
    """Ends nothing. A phase is as late as the chunk that shows it was read."""

    def __init__(self, signs: Signs) -> None:
        found = {PhaseName.FIRMWARE: signs.firmware, PhaseName.ENTRY: signs.entry}
        self._wanted = {name: sign for name, sign in found.items() if sign}
        self._lasting = {name for name, sign in self._wanted.items() if sign.last}
        self._at: dict[PhaseName, float] = {}
        self._seen: set[PhaseName] = set()  # in what was read since the last look
        self._lines: dict[str, str] = {}  # of each stream, the last one, while it has no end
        self._total: dict[str, int] = {}
        self._began = 0.0

    def began(self, process: Process, now: float) -> None:
        del process
        self._began = now

    def saw(self, stream: str, chunk: bytes) -> None:
        before_console = PhaseName.FIRST_BYTE not in self._at
        if stream == CONSOLE and before_console:
            self._seen.add(PhaseName.FIRST_BYTE)
        if any(sign.by_tender == (stream != CONSOLE) for sign in self._wanted.values()):
            self._look(stream, chunk)
        if stream != CONSOLE and not before_console:  # this chunk may have been written before that byte, no other
            self._wanted = {name: sign for name, sign in self._wanted.items() if not sign.last}

    def _look(self, stream: str, chunk: bytes) -> None:
        """Whether this chunk shows what is still to be seen."""
        self._total[stream] = total = self._total.get(stream, 0) + len(chunk)
        if total > LOOKED_AT:
            return
        text = self._lines.get(stream, "") + chunk.decode("latin-1")
        self._lines[stream] = text[text.rfind("\n") + 1 :][-LINE:]
        for name, sign in list(self._wanted.items()):
            if sign.by_tender == (stream != CONSOLE) and patterns.search(sign.pattern, text):
                self._seen.add(name)
                if not sign.last:
                    del self._wanted[name]

    def tick(self, moment: Moment) -> None:
        if self._seen:
            self._at |= dict.fromkeys(self._seen, moment.now - self._began)
            self._seen.clear()

    def ended(self, ending: Ending) -> Findings:
        del ending
        first = self._at.get(PhaseName.FIRST_BYTE, 0.0)
        found = {name: min(at, first) if name in self._lasting else at for name, at in self._at.items()}
        return Findings(phases=tuple(Phase(name, at) for name, at in found.items() if at))
