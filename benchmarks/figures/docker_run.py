"""What it saves to keep containers, against one for each boot."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks import contract, needs
from benchmarks.contract import Measure, Target, sized
from benchmarks.figures._hello import FEWEST, compared, hello, measures

if TYPE_CHECKING:
    from collections.abc import Generator

BOOTS, CONTAINERS = 400, 40
WHAT = f"how much faster each of {BOOTS} boots of hello is on solo5-spt in containers"
RUN = f"xargs -P2 of one `docker run --rm` for each of {CONTAINERS} boots, as `bootmatrix repro` prints it"


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = measures(WHAT, RUN, Target(20, least=True))

    def rounds(self, scale: float) -> Generator[contract.Round]:
        needs.solo5()
        containers = sized(CONTAINERS, scale, 2)
        with hello("solo5-spt", sized(BOOTS, scale, FEWEST)) as guest:
            while True:
                done = guest.run()
                each = guest.bare(containers, guest.words) / containers
                yield compared(done, guest.count, each, "docker run")
