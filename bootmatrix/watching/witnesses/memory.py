"""The peak of a process's resident memory, as its place tells it at the end."""

from __future__ import annotations

from bootmatrix.watching.witness import Ending, Findings, Witness


class Memory(Witness):
    def ended(self, ending: Ending) -> Findings:
        return Findings(memory=ending.exit.memory if ending.exit else 0)
