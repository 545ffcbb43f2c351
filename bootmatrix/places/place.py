"""The contract of a place: takes a job, streams what it prints, tells how it ended, and leaves nothing behind."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from queue import Queue
from typing import TYPE_CHECKING

from bootmatrix.model import MIB

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

CHUNK = 1 << 16
CONSOLE, TENDER, END = "console", "tender", "end"


@dataclass(frozen=True)
class Mount:
    """A file or folder of this host, and its name inside the place."""

    source: Path
    inside: str
    writable: bool = False


@dataclass(frozen=True)
class Job:
    """A command line and what it may use. `memory` in bytes, 0 for no limit; `trusted` runs as the caller, with a
    writable root file system and without the sandbox's limits, as builds do.
    """

    argv: tuple[str, ...]
    name: str
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    workdir: str = "/tmp"  # noqa: S108  # the scratch folder inside the place
    kvm: bool = False
    memory: int = 0
    processes: int = 256
    network: bool = False
    trusted: bool = False
    scratch: int = 64 * MIB


@dataclass(frozen=True)
class Exit:
    """How a process ended: `status`, or None and the `signal`'s name."""

    status: int | None
    signal: str = ""
    out_of_memory: bool = False


class Process(ABC):
    """A running job. `output` yields (CONSOLE | TENDER, bytes) as they come and (END, b"") when both are closed."""

    def __init__(self) -> None:
        self.output: Queue[tuple[str, bytes]] = Queue(maxsize=64)  # full: the guest waits, not our memory

    @abstractmethod
    def kill(self) -> None:
        """End every process of the job at once; safe to call again."""

    @abstractmethod
    def wait(self) -> Exit:
        """How it ended; call after END or `kill`. Raises InfrastructureError if the place cannot tell."""


class Place(ABC):
    """Where jobs run. `name` is for people: an image, or this host."""

    name: str

    @abstractmethod
    def mount(self, source: Path, inside: str, *, writable: bool = False) -> Mount:
        """How `source` will be seen: as `inside`, or under its own name where nothing is mounted."""

    @abstractmethod
    def start(self, job: Job) -> AbstractContextManager[Process]:
        """Leaving the context ends and removes everything; raises InfrastructureError."""

    @abstractmethod
    def command_line(self, job: Job) -> list[str]:
        """The same job as a command line for a shell, for people who repeat it by hand."""


def decode_status(status: int) -> Exit:
    """A shell's or engine's status, where 128 + N stands for signal N."""
    try:
        return Exit(None, signal.Signals(status - 128).name) if 128 < status < 160 else Exit(status)  # noqa: PLR2004
    except ValueError:
        return Exit(status)
