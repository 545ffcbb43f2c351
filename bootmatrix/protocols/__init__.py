"""How guests report test cases on their console: one file for each protocol, each with `parse(text) -> Report`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bootmatrix.model import Case


@dataclass(frozen=True)
class Told:
    """The guest's own test cases; `trouble` says why the report is not whole, `skipped` why all of it was skipped."""

    cases: tuple[Case, ...] = ()
    trouble: str = ""
    skipped: str = ""

    @property
    def failed(self) -> list[Case]:
        return [case for case in self.cases if case.status == "failed"]


def parse(protocol: str, text: str) -> Told:
    """`text` is the cleaned console; `protocol` the test's `cases:`."""
    module = importlib.import_module(f"bootmatrix.protocols.{protocol.replace('-', '_')}")
    told: Told = module.parse(text)
    return told
