"""A run in which nothing has changed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract, needs
from benchmarks.contract import Failed, Measure, Sample, Target, sized
from benchmarks.project import CELL, command, numbered, project
from bootmatrix.places.containers import engine, settings

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.project import Done

CELLS = 500


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("time", f"a second `run --reuse` of {CELLS} cells, in containers", unit="s", target=Target(1), of="s"),
        Measure("containers", "containers that it starts, as the engine reports", unit="containers", target=Target(0)),
        Measure("boots", "boots that it starts, as its journal tells", unit="boots", target=Target(0)),
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        needs.containers()
        axes = {**CELL, "backend": ["command"], "cell": numbered(sized(CELLS, scale))}
        with project({"axes": axes, "tests": {"boot": command("true")}}) as made:
            while True:
                out, since = made.fresh(), int(time.time())
                first = made.run("--reuse", out=out)
                if not _containers(first, since):
                    raise Failed("the engine tells of no container, though the first run has started some")
                again = made.run("--reuse", out=out)
                yield {
                    "time": Sample(again.taken.wall, {"the first run": first.taken.wall}),
                    "containers": Sample(_containers(again, since)),
                    "boots": Sample(len(again.events("boot started"))),
                }


def _containers(done: Done, since: int) -> int:
    """How many containers a run has made since a time in seconds since 1970; an engine keeps some 200 events."""
    wanted = {"type": "container", "event": "create", "label": f"{settings.LABEL}={done.folder.name}"}
    return sum(1 for _ in engine.client().events(since=since, until=int(time.time()) + 1, filters=wanted, decode=True))
