"""A fake process has its output ready, a fake clock jumps: no test waits."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.place import CONSOLE, END, Exit, Process
from bootmatrix.places.strain import Strain
from bootmatrix.watching.watch import Watched, watch

if TYPE_CHECKING:
    from bootmatrix.places.usage import Sample
    from bootmatrix.watching.limits import Limits

BEGUN = 1000.0
STATUS = r"EXIT: STATUS=(\d+)"


class FakeProcess(Process):
    """All its output is there at once, and what is not does not come: only the fake clock goes on."""

    def __init__(self, *chunks: tuple[str, bytes], ends: bool = True) -> None:
        self.killed = threading.Event()
        self.begun = BEGUN
        self.chunks = deque([*chunks, *([(END, b"")] if ends else [])])

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        assert seconds >= 0
        return self.chunks.popleft() if self.chunks else None

    def kill(self) -> None:
        self.killed.set()

    def wait(self) -> Exit:
        assert not self.chunks
        return Exit(0)

    def samples(self) -> list[Sample]:
        return []

    def strain(self) -> Strain | None:
        assert not self.killed.is_set()
        return Strain(0.5, 9.5)


class Lost(FakeProcess):
    """Its place lost it."""

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        if item := super().read(seconds):
            return item
        raise InfrastructureError("the engine went away")


@dataclass
class Clock:
    """Each look at it takes `step` seconds."""

    step: float = 0.0
    now: float = BEGUN

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def watched(process: Process, limits: Limits, step: float = 0.0, stop: threading.Event | None = None) -> Watched:
    return watch(process, limits, stop or threading.Event(), clock=Clock(step))


def out(data: bytes) -> tuple[str, bytes]:
    return CONSOLE, data
