from __future__ import annotations
from dataclasses import dataclass
from bootmatrix import model

@dataclass(frozen=True)
class Report(model.Report):
    filename = "junit.xml"
    all_consoles: bool = False
    def write(self, run, folder, target) -> None:
        target.write_text("")
