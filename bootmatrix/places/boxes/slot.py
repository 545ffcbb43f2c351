"""A slot of a box, for jobs of one room: what a kept container is to a host, this is to the machine in the box."""

from __future__ import annotations

import itertools
import os
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from bootmatrix.errors import InfrastructureError
from bootmatrix.places import disks, usage
from bootmatrix.places.boxes import frames, lending
from bootmatrix.places.boxes.links import Link
from bootmatrix.places.containers import agents, engine, sandbox
from bootmatrix.places.strain import Strain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.model import Interface
    from bootmatrix.places.boxes.frames import Frames
    from bootmatrix.places.containers.agents import Ended
    from bootmatrix.places.namespace import Namespace
    from bootmatrix.places.place import Job

FIRST_SECONDS, READY_SECONDS, KILLED_SECONDS = 180.0, 60.0, 60.0  # a busy host emulates a machine's boot slowly
LONGEST = 6.0  # times these that a machine gets which others kept from running
SOON, LEAST = 1.0, 0.1  # seconds in which most is told, and for which it is worth to wait on
JOBS = "/bootmatrix/job"  # where a job's own files are seen, each in a folder of its own

_numbers = itertools.count(1)


def folder() -> str:
    """Where a job will see its files: another name for each job."""
    return f"{JOBS}/b{os.getpid()}-{next(_numbers)}"


class Host(Protocol):
    """The machine that a slot is in; see `machine.py`."""

    name: str
    share: Path
    copies: lending.Copies
    failed: int

    @property
    def served(self) -> bool: ...
    def last_words(self) -> str: ...
    def connect(self, number: int, name: str) -> Frames: ...
    def strain(self) -> Strain | None: ...
    def close(self) -> None: ...


class Slot:
    """Slot `number` of a machine; nobody's until it is fit for a job. `taken` is how many bytes of the machine's memory
    the job has that has it, 0 if none has, and `used` for how many rooms it was made.
    """

    def __init__(self, machine: Host, number: int) -> None:
        self.machine, self.number = machine, number
        self.taken = self.used = 0
        self._streams: Frames | None = None
        self._share = machine.share / f"slot{number}"
        self._for: tuple[object, ...] | None = None
        self._before = Strain(0.0, 0.0)
        self._told = usage.Told()

    def suits(self, image: str, job: Job) -> bool:
        """Whether it is one for jobs of that room."""
        return self._for == _room(image, job) and not self.streams.over()

    @property
    def streams(self) -> Frames:
        """What it says, once it is fit for a job."""
        assert self._streams  # noqa: S101
        return self._streams

    def fit(self, image: str, root: str, job: Job) -> None:
        """Make it one, with this `root` below `roots.folder()`, or the box's own if that is empty.

        Raises InfrastructureError if the machine does not make it.
        """
        self._for = None
        self._streams = self._streams or self.machine.connect(self.number, job.name)
        lending.lend(self._share, job.mounts, self.machine.copies)
        self.streams.open(b"".join(word + b"\0" for word in _words(image, job, root)))
        try:
            word = self.line(READY_SECONDS if self.used else FIRST_SECONDS)
        except InfrastructureError:
            self.machine.close()
            raise
        self.used += 1
        self.machine.failed = 0 if word == "ready" else self.machine.failed + 1
        if word != "ready":
            said = f"; its console ends with: {self.machine.last_words()}" if self.lost else ""
            raise InfrastructureError(f"{self.machine.name} has no place for {job.name}: {word}{said}")
        self._for = _room(image, job)

    @property
    def lost(self) -> bool:
        """Whether it says no more, or never did: the machine is gone, or of no use."""
        return self._streams is None or self._streams.lost

    @property
    def name(self) -> str:
        """That of the job."""
        return self.streams.name

    def line(self, seconds: float) -> str:
        """What is told next, as of `Frames.line`. As long as others keep the machine from running, time stands still,
        but no longer than LONGEST times so many seconds.
        """
        begun, before, left = time.monotonic(), None, min(SOON, seconds)
        while True:
            try:
                return self.streams.line(left)
            except InfrastructureError:
                now = _waited(self.machine.strain())
                before = now if before is None else before
                passed = time.monotonic() - begun
                left = min(seconds + min(now - before, passed), LONGEST * seconds) - passed
                if left <= LEAST:
                    raise

    def spoil(self) -> None:
        """The next job has it made anew."""
        self._for = None

    def lose(self) -> None:
        """The machine is gone; who waits for what its job says is told."""
        self.spoil()
        if self._streams:
            self._streams.end()

    def free(self, *, clean: bool) -> None:
        """Nobody has it any more."""
        if not clean:
            self.spoil()
        self.taken = 0

    def of(self, job: Job) -> Path:
        """The folder of a job's own files, as this host sees it."""
        return self._share / "job" / job.folder.rpartition("/")[2]

    def hand(self, job: Job) -> None:
        """Let the agent run a job."""
        self.streams.name = job.name
        self.streams.forget()
        self.streams.usage()
        self._told = usage.Told()
        self._before = self.machine.strain() or Strain(0.0, 0.0)
        self.streams.send(frames.DROP)
        self.streams.send(frames.MEMORY, str(self.taken).encode())
        self.streams.send(frames.COMMANDS, agents.told(job))

    def join(self, namespace: Namespace, interfaces: tuple[Interface, ...]) -> None:
        """Carry the frames of a job's interfaces to and from the relays that the namespace has for them.

        Raises InfrastructureError.
        """
        links = []
        for each in interfaces:
            end = namespace.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                end.connect(f"\0{each.device}")
            except OSError as error:
                what = f"the network of {self.streams.name} cannot be joined: {error.strerror}"
                raise InfrastructureError(what) from None
            links.append(Link(end))
        self.streams.join(links)

    def write(self, data: bytes) -> int:
        """To the job's standard input."""
        return len(data) if self.streams.send(frames.INPUT, data) else 0

    def samples(self) -> list[usage.Sample]:
        """What the agent has told of the job's usage since this was called last."""
        self._told.take(self.streams.usage())
        return self._told.samples()

    def ask(self) -> None:
        """What time the job had so far, for `had`."""
        self.streams.send(frames.COMMANDS, agents.TIME)

    def had(self, seconds: float) -> usage.Had | None:
        """What is told of that; None if nothing is within so many seconds, or if the job is over."""
        self._told.take(self.streams.usage(seconds))
        return self._told.had()

    def ended(self, seconds: float = READY_SECONDS) -> Ended:
        """How the job ended; raises InfrastructureError if the machine is gone."""
        return agents.ended(self, "box", seconds)

    def end_job(self) -> bool:
        """End the job that runs, with all its processes; whether the slot can still be used.

        Raises InfrastructureError if the machine does not say so: then nobody knows what it did before, either.
        """
        self.streams.send(frames.COMMANDS, b"kill 0\n")
        try:
            found = self.ended(KILLED_SECONDS)
        except InfrastructureError:
            self.machine.close()
            raise
        self.streams.discard()
        return found.clean

    def strain(self) -> Strain | None:
        """That of the whole machine, since the job began."""
        now = self.machine.strain()
        if not now:
            return None
        return replace(now, cpu=now.cpu - self._before.cpu, waited=now.waited - self._before.waited)

    def clear(self) -> None:
        """The networks of a job that is over."""
        self.streams.join([])


def _room(image: str, job: Job) -> tuple[object, ...]:
    """What it is made for: unlike a container's, its links are made with it."""
    return image, job.room, tuple((each.device, each.network.mtu) for each in job.interfaces)


def _words(image: str, job: Job, root: str) -> Iterator[bytes]:
    """What the ferry makes of a slot."""
    limits = sandbox.limits(job)
    yield f"P{job.processes}".encode()
    yield f"R{f'/roots/{root}' if root else ''}".encode()
    yield f"T{job.scratch}".encode()
    for number, mount in enumerate(job.mounts):
        yield f"{'m' if mount.writable else 'M'}{lending.name(number)}".encode()
        yield b"@" + os.fsencode(mount.inside)
    for key, value in {**(_environment(image) if root else {}), **sandbox.ENV, **job.env}.items():
        yield f"E{key}={value}".encode("utf-8", "surrogateescape")
    yield b"W" + os.fsencode(job.workdir)
    yield f"O{limits['nofile']}".encode()
    if largest := disks.limit(job.disks):
        yield f"F{largest}".encode()
    for each in job.interfaces:  # the box's own root has programs for another's guests: see `boxed.OWN_ROOT`
        yield f"{'L' if root else 'V'}{each.device} {each.network.mtu}".encode()


def _waited(strain: Strain | None) -> float:
    return strain.waited if strain else 0.0


def _environment(image: str) -> dict[str, str]:
    """That of an image."""
    found = ((engine.image(image) or {}).get("Config") or {}).get("Env") or []
    return dict(str(each).split("=", 1) for each in found if "=" in str(each))
