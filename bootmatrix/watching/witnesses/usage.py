"""The processor time and the memory of a boot while it runs, for a curve: a sample a second, fewer of a long boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.watching.witness import Ending, Findings, Moment, Witness

if TYPE_CHECKING:
    from bootmatrix.places.place import Process
    from bootmatrix.places.usage import Sample

FILE = "usage.csv"
HEADER = "seconds,cpu_seconds,memory_bytes,memory_kind\n"
MOST = 1024  # samples that are kept: of more, every second goes, and from then on only half as many are taken


class Usage(Witness):
    """Ends nothing; a boot that is shorter than the first sample has no file."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._samples: list[Sample] = []
        self._apart, self._next = 0.0, 0.0  # seconds between samples that are kept, and when the next may come

    def began(self, process: Process, now: float) -> None:
        del now
        self._process = process

    def tick(self, moment: Moment) -> None:
        del moment
        self._take()

    def ended(self, ending: Ending) -> Findings:
        del ending
        self._take()
        if not self._samples:
            return Findings()
        lines = "".join(
            f"{each.seconds:.3f},{each.cpu:.3f},{each.memory},{'pss' if each.proportional else 'rss'}\n"
            for each in self._samples
        )
        return Findings(files={FILE: (HEADER + lines).encode()})

    def _take(self) -> None:
        for sample in self._process.samples() if self._process else ():
            if sample.seconds < self._next:
                continue
            self._samples.append(sample)
            if len(self._samples) == MOST:
                self._apart = 2 * self._apart or 2.0
                del self._samples[1::2]
            self._next = sample.seconds + self._apart * 0.75  # samples are late, now and then
