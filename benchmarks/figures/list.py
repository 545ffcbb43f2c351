"""A matrix as large as it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks import contract, measuring
from benchmarks.contract import Measure, Sample, Target, sized
from benchmarks.project import command, project

if TYPE_CHECKING:
    from collections.abc import Generator

VALUES, EXCLUDES = 100, 20  # on each of three axes
WHAT = f"`list --format ids` of {VALUES**3:,} cells with {EXCLUDES} excludes by globs"


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("time", WHAT, unit="s", target=Target(4)),
        Measure("memory", f"peak of {WHAT}", unit="MB", target=Target(400)),
        Measure("first line", f"time to the first line of {WHAT}", unit="s"),
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        with project(matrix(sized(VALUES, scale))) as made:
            while True:
                taken = measuring.measured([measuring.PROGRAM, "list", "--format", "ids"], made.folder)
                yield {
                    "time": Sample(taken.wall),
                    "memory": Sample(taken.peak / 1e6),
                    "first line": Sample(taken.first),
                }


def matrix(values: int) -> dict[str, Any]:
    """`values` on the last of three axes; each exclude takes one cell of ten away, of one value of the first."""
    axes = {axis: [f"{axis}{number:02}" for number in range(VALUES)] for axis in "ab"}
    axes["c"] = [f"c{number:02}" for number in range(values)]
    rules = [{"a": f"*{n:02}", **({"b": f"b?{n % 10}"} if n % 2 else {"c": "c*0"})} for n in range(EXCLUDES)]
    return {"axes": {**axes, "backend": ["command"]}, "exclude": rules, "tests": {"boot": command("true")}}
