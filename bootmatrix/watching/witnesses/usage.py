"""The processor time and the memory of a boot while it runs, as often as its place samples, fewer of a long boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.watching.thinning import Thinned
from bootmatrix.watching.witness import NOTHING, Ending, Findings, Moment, Series, Witness

if TYPE_CHECKING:
    from bootmatrix.places.place import Process
    from bootmatrix.places.usage import Sample

FILE = "usage.csv"
HEADER = "seconds,cpu_seconds,memory_bytes,memory_kind,guest_bytes\n"
MEMORY = "memory"
MOST = 1024  # samples that are kept


class Usage(Witness):
    """Ends nothing; a boot that is shorter than the first sample has no file."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._samples: Thinned[Sample] = Thinned(MOST)

    def began(self, process: Process, now: float) -> None:
        del now
        self._process = process

    def tick(self, moment: Moment) -> None:
        del moment
        self._take()

    def ended(self, ending: Ending) -> Findings:
        del ending
        self._take()
        samples = [sample for _, sample in self._samples.kept]
        if not samples:
            return NOTHING
        lines = "".join(
            f"{each.seconds:.3f},{each.cpu:.3f},{each.memory},{_kind(each)}"
            f",{'' if each.guest is None else each.guest}\n"
            for each in samples
        )
        return Findings(files={FILE: (HEADER + lines).encode()}, series={MEMORY: _memory(samples)})

    def _take(self) -> None:
        for sample in self._process.samples() if self._process else ():
            self._samples.add(sample.seconds, sample)


def _kind(sample: Sample) -> str:
    return "pss" if sample.proportional else "rss"


def _memory(samples: list[Sample]) -> Series:
    """The guest's own if it is known, else all of it, as its last sample has it."""
    if samples[-1].guest is not None:
        return Series([(each.seconds, each.guest) for each in samples if each.guest is not None], "guest")
    kind = _kind(samples[-1])
    return Series([(each.seconds, each.memory) for each in samples if _kind(each) == kind], kind)
