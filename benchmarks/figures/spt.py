"""Throughput where a boot costs next to nothing, so that all the rest shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract, needs
from benchmarks.contract import Measure, Sample, Target, sized
from benchmarks.figures._hello import FEWEST, MS, compared, hello, measures

if TYPE_CHECKING:
    from collections.abc import Generator

BOOTS = 400
WHAT = f"throughput of {BOOTS} boots of hello on solo5-spt in containers"
BARE = "xargs -P2 of the bare tender on this host"


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = (
        *measures(WHAT, BARE, Target(0.25, least=True, aim=0.5)),
        Measure("processor", "processor time of bootmatrix itself for a boot", unit="ms"),
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        needs.solo5()
        with hello("solo5-spt", sized(BOOTS, scale, FEWEST)) as guest:
            while True:
                done = guest.run()
                each = guest.bare(guest.count, guest.on_host()) / guest.count
                processor = Sample(done.taken.cpu / guest.count * MS)
                yield {**compared(done, guest.count, each, "xargs"), "processor": processor}
