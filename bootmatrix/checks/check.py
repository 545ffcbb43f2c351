"""What a check may use, and what it comes to.

A check runs in a thread of its own and may block: never beyond the time that its Try has left, and whatever it waits
for ends when the boot ends. What a guest sends costs it bounded memory.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bootmatrix.checks.ends import Ended, Ends
from bootmatrix.checks.feed import Feed
from bootmatrix.errors import InfrastructureError

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from bootmatrix.model import Interface

LONGEST = 64 << 10  # bytes of what a guest sent that a report keeps


class Sockets(Protocol):
    """Makes an ordinary socket that stands in a network of the boot, by that network's name."""

    def __call__(self, network: str, family: int, kind: int, protocol: int) -> socket.socket: ...


@dataclass(frozen=True)
class Ran:
    """How a program ended, and its output. `status` is None if it did not end by itself: `cause` says why, after its
    name, and `late` whether its time was over.
    """

    status: int | None
    output: bytes
    cause: str = ""
    late: bool = False


class Run(Protocol):
    """Runs a program that stands in a network, in an image (empty: the cell's), for so many seconds at most or until
    `stop` is set; the first `limit` bytes of its output are kept.
    """

    def __call__(
        self, network: str, argv: Sequence[str], image: str, seconds: float, limit: int, stop: threading.Event
    ) -> Ran: ...


@dataclass(frozen=True)
class World:
    """What a boot's checks may use: the guest's `interfaces`, `write` for its console (None if it takes no input), and
    the matrix's folder, `root`, for files of the repository.
    """

    interfaces: tuple[Interface, ...]
    socket: Sockets
    run: Run
    write: Callable[[bytes], int] | None = None
    root: Path = Path()
    console: Feed = field(default_factory=Feed)
    ends: Ends = field(default_factory=Ends)


@dataclass(frozen=True)
class Report:
    """What a check that passed tells: a line of `key=value`, and what came from the guest."""

    numbers: str = ""
    text: str = ""

    @property
    def whole(self) -> str:
        """The numbers stand last: there a metric looks first, and a guest that sends the same words does not deceive
        it.
        """
        return f"{self.text}\n{self.numbers}" if self.text else self.numbers


class Failed(Exception):
    """What was expected and what came, as a sentence. `final`: another try would change nothing; `late`: its time was
    over, so that an earlier try's sentence may say more, or that of an answer was. A starved guest may yet do better.
    """

    def __init__(self, sentence: str, *, final: bool = False, late: bool = False, report: Report | None = None) -> None:
        super().__init__(sentence)
        self.final, self.late, self.report = final, late, report


class Late(Exception):
    """The time of a try is over."""


@dataclass(frozen=True)
class Try:
    """One try of a check: from which network, at which address, until when. `patience` is how many seconds it waits
    for a first sign of life: the one after it waits longer. `again`: whether there may be another.
    """

    world: World
    network: str
    address: str
    deadline: float
    patience: float
    again: bool
    clock: Callable[[], float] = time.monotonic

    def rest(self) -> float:
        """Seconds that are left. Raises Late if none are."""
        left = self.deadline - self.clock()
        if left <= 0:
            raise Late
        return left

    def opened(self, family: int, kind: int, protocol: int = 0) -> AbstractContextManager[socket.socket]:
        """A socket that is closed afterwards, and shut down when the boot ends. Raises Ended, and InfrastructureError
        where none can be made.
        """
        return self.world.ends.opened(lambda: self._made(family, kind, protocol))

    def _made(self, family: int, kind: int, protocol: int) -> socket.socket:
        try:
            return self.world.socket(self.network, family, kind, protocol)
        except OSError as error:
            self.raise_ended()
            what = f"no socket can be made in the network '{self.network}' of the boot: {error.strerror or error}"
            raise InfrastructureError(what) from None

    def ended(self) -> bool:
        """Whether the boot has ended."""
        return self.world.ends.stop.is_set()

    def raise_ended(self) -> None:
        if self.ended():
            raise Ended


def numbers(**values: object) -> str:
    """A line of `key=value`."""
    return " ".join(f"{key}={value}" for key, value in values.items())


def spread(seconds: Sequence[float]) -> Iterator[tuple[str, str]]:
    """Percentiles of times, in seconds; nothing of none."""
    ordered = sorted(seconds)
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)):
        if ordered:
            yield name, f"{ordered[min(len(ordered) - 1, int(share * len(ordered)))]:.6f}"


def per_second(count: float, seconds: float) -> str:
    return f"{count / max(seconds, 1e-6):.1f}"
