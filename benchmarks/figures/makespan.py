"""How near a run of long and short boots comes to the shortest time in which so many workers can do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks import contract
from benchmarks.contract import Measure, Sample, Target
from benchmarks.project import command, numbered, project

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.project import Done

BOOTS = {0.1: 40, 0.5: 20, 2.0: 4, 4.0: 2}  # by their seconds; the longest last, as a matrix may have them
BOUND = "the larger of the longest boot and all boots' time divided by the workers, by the times measured in that run"
WORKERS = (2, 3)


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = tuple(
        Measure(
            f"-j {workers}",
            f"time of {sum(BOOTS.values())} boots of 0.1 to 4 s on this host, known from an earlier run, -j {workers}",
            BOUND,
            target=Target(1.1),
            of="s",
        )
        for workers in WORKERS
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        with project(matrix(scale)) as made:
            known = made.fresh()
            made.run("--engine", "host", "-j", "16", out=known)
            while True:
                yield {
                    f"-j {workers}": _sample(made.run("--engine", "host", "-j", str(workers), out=known), workers)
                    for workers in WORKERS
                }


def matrix(scale: float) -> dict[str, Any]:
    """Boots that sleep, scaled in their length: their number is what makes them hard to place."""
    tests = {
        f"{seconds}s": command("sleep", "{args}", args=[f"{seconds * scale:.4f}"], params={"n": numbered(count)})
        for seconds, count in BOOTS.items()
    }
    return {"axes": {"backend": ["command"]}, "tests": tests}


def _sample(done: Done, workers: int) -> Sample:
    seconds = [result["seconds"] for result in done.results()]
    bound = max(*seconds, sum(seconds) / workers)
    return Sample(done.boots() / bound, {"bootmatrix": done.boots(), "bound": bound})
