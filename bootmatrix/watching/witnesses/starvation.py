"""The processor time that a process had and waited for, looked at where we end it: later it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.watching.witness import NOTHING, Ending, Findings, Witness

if TYPE_CHECKING:
    from bootmatrix.places.place import Process


class Starvation(Witness):
    def __init__(self) -> None:
        self._process: Process | None = None

    def began(self, process: Process, now: float) -> None:
        del now
        self._process = process

    def ended(self, ending: Ending) -> Findings:
        return Findings(strain=self._process.strain()) if ending.stop and self._process else NOTHING
