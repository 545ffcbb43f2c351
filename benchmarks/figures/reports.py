"""The reports of a large run, written from its journal in a process that does nothing else."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract, measuring, writing
from benchmarks.contract import ROOT, Measure, Sample, Target, sized

if TYPE_CHECKING:
    from collections.abc import Generator

TESTS = 100_000
WHAT = f"junit.xml and results.json of {TESTS:,} tests, 1% of them failed with 4 KB of console each"


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("time", WHAT, unit="s", target=Target(10)),
        Measure("memory", f"peak of a process that writes {WHAT}", unit="MB", target=Target(600)),
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        with tempfile.TemporaryDirectory(prefix="bootmatrix-bench-") as folder:
            writing.prepare(Path(folder), sized(TESTS, scale, 100))
            while True:
                taken = measuring.measured([sys.executable, "-m", "benchmarks.writing", folder], ROOT)
                yield {"time": Sample(float(taken.output)), "memory": Sample(taken.peak / 1e6)}
