"""Throughput where the emulator has all the work: bootmatrix must not be in its way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract
from benchmarks.contract import Measure, Target, sized
from benchmarks.figures._hello import FEWEST, compared, hello, measures
from bootmatrix.places.containers import engine

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.figures._hello import Hello

BOOTS = 40
WHAT = f"throughput of {BOOTS} boots of hello on QEMU under TCG in containers"
BARE = "xargs -P2 of the bare QEMU with the same arguments, in one container of the same image"


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = measures(WHAT, BARE, Target(0.95, least=True))

    def rounds(self, scale: float) -> Generator[contract.Round]:
        with hello("qemu", sized(BOOTS, scale, FEWEST)) as guest:
            while True:
                done = guest.run()
                yield compared(done, guest.count, _bare(guest) / guest.count, "xargs")


def _bare(guest: Hello) -> float:
    """Seconds, those of the container's start and end left out."""
    name = f"bootmatrix-bench-{os.getpid()}"
    try:
        return guest.bare(guest.count, guest.argv, guest.in_container(name))
    finally:
        engine.remove(name)
