"""How long it takes until anything is done."""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract, measuring
from benchmarks.contract import ROOT, Measure, Sample, Target, sized

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

PAIRS = 10
PYTHON = (sys.executable, "-c", "pass")
COMMANDS = {"--version": 100, "--help": 100, "list": 300}  # and the milliseconds that they may take
MS = 1000.0


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = tuple(
        Measure(
            name,
            f"`bootmatrix {name}` in this project, the median of {PAIRS}",
            "`python -c pass`",
            "ms",
            Target(limit),
            "ms",
        )
        for name, limit in COMMANDS.items()
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        pairs = sized(PAIRS, scale)
        while True:
            yield {name: _sample([measuring.PROGRAM, name], pairs) for name in COMMANDS}


def _sample(argv: Sequence[str], pairs: int) -> Sample:
    both = [[measuring.measured(each, ROOT).wall * MS for each in (argv, PYTHON)] for _ in range(pairs)]
    ours, python = (statistics.median(one) for one in zip(*both, strict=True))
    return Sample(ours, {"python -c pass": python})
