"""The reports of a large run, written from its journal in a process that does nothing else."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract, measuring, writing
from benchmarks.contract import ROOT, Measure, Sample, Target, sized
from bootmatrix import plugins

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

TESTS = 100_000
SIZES = (100, 10_000, TESTS)
FAILED = "1% of them failed with 4 KB of console each"
WHAT = f"junit.xml and results.json of {TESTS:,} tests, {FAILED}"
NAMES = tuple(plugins.names("reports", ROOT / "docs"))  # docs/ has no plug-ins of its own


def _each() -> Iterator[Measure]:
    """Of each report, time at each size, and memory at the largest."""
    for name in NAMES:
        for size in SIZES:
            target = Target(5) if size == TESTS else None
            yield Measure(f"{name} {size:,}", f"the report {name} of {size:,} tests, {FAILED}", "", "s", target, "MB")
        yield Measure(f"{name} memory", f"peak of a process that writes it of {TESTS:,}", "", "MB", Target(200))


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("time", WHAT, unit="s", target=Target(10)),
        Measure("memory", f"peak of a process that writes {WHAT}", unit="MB", target=Target(600)),
        *_each(),
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        with tempfile.TemporaryDirectory(prefix="bootmatrix-bench-") as place:
            folders = {size: Path(place, str(size)) for size in SIZES}
            for size, folder in folders.items():
                writing.prepare(folder, sized(size, scale, 100))
            while True:
                seconds, peak = _taken(folders[TESTS])
                round_ = {"time": Sample(seconds), "memory": Sample(peak)}
                for name in NAMES:
                    for size, folder in folders.items():
                        seconds, peak = _taken(folder, name)
                        round_[f"{name} {size:,}"] = Sample(seconds, {"peak": peak})
                    round_[f"{name} memory"] = Sample(peak)  # of the largest, the last
                yield round_


def _taken(folder: Path, *name: str) -> tuple[float, float]:
    """Seconds of writing, and MB at the peak."""
    taken = measuring.measured([sys.executable, "-m", "benchmarks.writing", str(folder), *name], ROOT)
    return float(taken.output), taken.peak / 1e6
