"""Whether what a run needs grows with its length."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks import contract, needs
from benchmarks.contract import Measure, Sample, Target, sized
from benchmarks.project import CELL, command, numbered, project

if TYPE_CHECKING:
    from collections.abc import Generator

MANY, FEW, OF_CELL = 10_000, 100, 100


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "peak",
            f"peak memory of bootmatrix itself in a run of {MANY:,} boots in containers",
            f"the same of {FEW} boots",
            target=Target(1.5),
            of="MB",
        ),
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        needs.containers()
        cells = sized(MANY // OF_CELL, scale)
        with contextlib.ExitStack() as stack:
            many, few = (stack.enter_context(project(matrix(cells))) for cells in (cells, FEW // OF_CELL))
            few.run()
            while True:
                large, small = (each.run().taken.peak / 1e6 for each in (many, few))
                yield {"peak": Sample(large / small, {f"{MANY} boots": large, f"{FEW} boots": small})}


def matrix(cells: int) -> dict[str, Any]:
    axes = {**CELL, "backend": ["command"], "cell": numbered(cells)}
    return {"axes": axes, "tests": {"boot": command("true", params={"n": numbered(OF_CELL)})}}
