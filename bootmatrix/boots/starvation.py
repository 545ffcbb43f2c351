"""A boot that had less processor time than it could have had when a deadline ended it: others kept it from running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.places.strain import STARVED
from bootmatrix.quantities import human_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.strain import Strain
    from bootmatrix.watching.watch import Watched

EVIDENCE = "its threads' time on processors and on run queues"
UNKNOWN = STARVED / 2  # which part it had of what it could have had, where that cannot be told
LONGEST = 6  # times its time that a question gets which others kept from running
PROCESSORS = 1  # that a question to a tender uses
REMEDY = "run it again when this host is less busy, or with a smaller -j"


@dataclass(frozen=True)
class Starvation:
    """`wall` is how many seconds it had for what it did not do in time, in which its guest could use so many `cpus`."""

    strain: Strain
    wall: float
    cpus: int

    @property
    def share(self) -> float:
        """Which part it had of the processor time that it could have had, below STARVED."""
        return self.strain.share(self.wall, self.cpus)

    @property
    def free(self) -> float:
        """In which part of the time nothing kept it from a processor, from 0 to 1."""
        return self.strain.free(self.wall, self.cpus)

    def __str__(self) -> str:
        allowed = human_time(self.strain.allowed(self.wall, self.cpus))
        return f"in which it had a processor for {human_time(self.strain.cpu)} and could have had one for {allowed}"

    @property
    def briefly(self) -> str:
        return f"in which it had {self.strain.cpu / self.wall:.0%} of a processor"


def of(seen: Watched, cpus: int) -> Starvation | None:
    """None of a boot that was not starved. Only a deadline can pass since others had the processors: a full console
    proves that the guest ran.
    """
    if not seen.late or seen.findings.strain is None:
        return None
    wall = seen.findings.strained or max(seen.seconds - seen.stood, 0.001)
    found = Starvation(seen.findings.strain, wall, cpus)
    return found if found.share < STARVED else None


def unhurried(ask: Callable[[float], Watched], seconds: float) -> Watched:
    """What is seen of a question within so many seconds; within LONGEST times as many if others had the processors."""
    seen = ask(seconds)
    return ask(LONGEST * seconds) if of(seen, PROCESSORS) else seen
