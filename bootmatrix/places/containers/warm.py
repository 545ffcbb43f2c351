"""A container that runs: its agent is spoken to through pipes, without the engine, at the tender's own speed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootmatrix import files
from bootmatrix.errors import InfrastructureError
from bootmatrix.places import disks, own, strain, usage, wire
from bootmatrix.places.containers import agents, engine, sandbox, settings
from bootmatrix.places.containers.agents import INSIDE, PIPES, Agent, Ended
from bootmatrix.places.containers.pauses import Pauses
from bootmatrix.places.containers.status import Status
from bootmatrix.places.namespace import Lent
from bootmatrix.places.place import CONSOLE, Exit, Mount
from bootmatrix.places.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from bootmatrix.model import Network
    from bootmatrix.networks.laying import State
    from bootmatrix.places.containers.sandbox import Sandbox
    from bootmatrix.places.place import Job

READY_SECONDS = 60.0
KILLED_SECONDS = 10.0
LONGEST = 1 << 20  # bytes of a command line, which a pipe must hold: a matrix is no longer


class Container:
    """One container, for jobs of one room."""

    def __init__(self, image: str, job: Job, run: str, box: Path, agent: Agent) -> None:
        self.image, self.room, self.agent, self.box = image, job.room, agent, box
        self.id = ""
        self._dead = False
        self._pid: int | None = None  # once it was asked for: an engine's answer takes a while
        self._wire: wire.Wire | None = None
        self._bare: State = frozenset()  # its network without that of a boot
        self._lent: Lent | None = None  # to the job that it has
        box.mkdir(parents=True, mode=0o700)
        for name in PIPES:
            os.mkfifo(box / name)
        agent.install(box)
        self.commands = os.open(box / "commands", os.O_RDWR | os.O_CLOEXEC)  # the agent reads an end when we are gone
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.commands, fcntl.F_SETPIPE_SZ, LONGEST)
        self._status = Status(box / "status", job.name)
        self._usage = usage.Reader(os.open(box / "usage", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        self._answers = select.poll()
        for each in (self._usage.descriptor, self._status.descriptor):
            self._answers.register(each, select.POLLIN)
        self._pauses = Pauses()
        # Open for writing as well: no end is read between two jobs
        both = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
        console, tender = os.open(box / "console", both), os.open(box / "tender", both)
        self._input = os.open(box / "input", both)
        end, quiet = self._status.descriptor, self._pauses.quiet
        self.streams = Streams(console, tender, end, hangs_up=not agent.kept, quiet=quiet)
        try:
            inner = sandbox.of(image, job)
            around, command = agent.around(self._with_disks(inner, job), box), agent.command(inner)
            with wire.door(box) if job.interfaces else contextlib.nullcontext() as door:
                self._start(job.name, settings.arguments(around, command, run, kept=agent.kept))
                if door:
                    self._wire = door.opened(job.name)
                    self._wire.home = self.id
                    self._bare = _laying().begin(self._wire)
        except BaseException:
            self.remove()
            raise

    @property
    def disks(self) -> Path:
        """Where its jobs have their disks, seen beside their other files."""
        return Path(disks.beside(str(self.box / own.NAME)))

    def _with_disks(self, inner: Sandbox, job: Job) -> Sandbox:
        """What jobs with disks may write to, besides; without any, nothing."""
        if not job.disks:
            return inner
        disks.make(self.disks, disks.OPEN)
        seen = Mount(self.disks, disks.beside(f"{INSIDE}/{own.NAME}"), writable=True)
        return replace(inner, mounts=(*inner.mounts, seen))

    def _start(self, name: str, arguments: dict[str, Any]) -> None:
        with engine.speaking(f"the container for {name} cannot be started"):
            self.id = str(engine.client().create_container(**arguments)["Id"])
            engine.client().start(self.id)
        word = self._status.line(READY_SECONDS)
        if word != "ready":
            raise InfrastructureError(f"the container for {name} did not become ready: {word or 'it exited'}")

    def hand(self, job: Job) -> None:
        """Let the agent run a job."""
        self._status.name = job.name
        self._status.forget()
        self._usage.forget(job.sample)
        if not self.agent.kept:
            self._pauses.begin(self.id)
        with contextlib.suppress(BlockingIOError):
            while os.read(self._input, LONGEST):  # what that did not read
                pass
        os.write(self.commands, self.agent.told(self.box, job))

    def hold(self, name: str) -> Lent:
        """Its network, for a job with interfaces or the host end of one of them; `name` is for people."""
        assert self._wire  # noqa: S101  # it is of the room of a job with interfaces
        self._wire.name = name
        self._lent = Lent(self._wire)
        return self._lent

    def lay(self, job: Job, ends: Mapping[str, Lent]) -> None:
        """Set up the networks of a job that it has not been handed yet, with their host ends where `ends` says."""
        _laying().lay(self._lent, job.interfaces, ends, job.port)

    def share(self, name: str, network: Network) -> Lent:
        """The host end of a network for several jobs; `name` is for people."""
        end = self.hold(name)
        _laying().share(end, network)
        return end

    def clear(self, *, holds: bool = False) -> bool:
        """Remove the networks of a job that is over, which it had or only `holds` an end of; whether nothing of them is
        left, and nobody comes late.
        """
        if not self._wire:
            return True
        if self._lent:
            self._lent.close()
            if not self._lent.left(0):
                return False
        try:
            return not _laying().clear(self._wire, self._bare, holds=holds)
        except InfrastructureError:
            return False

    def write(self, data: bytes) -> int:
        """To the job's standard input, as a process does."""
        try:
            return os.write(self._input, data)
        except BlockingIOError:
            return 0

    def samples(self) -> list[usage.Sample]:
        """What the agent has told of the job's usage since this was called last; nothing if it is a shell."""
        return self._usage.samples() if self.agent.kept else []  # into a shell's box anybody may write

    @property
    def name(self) -> str:
        """That of the job."""
        return self._status.name

    def ask(self) -> None:
        """What time the job had so far, for `had`."""
        if self.agent.kept:
            os.write(self.commands, agents.TIME)

    def had(self, seconds: float) -> usage.Had | None:
        """What is told of that; None if nothing is within so many seconds, or if the job is over. A shell knows nothing
        of it, but the engine does.
        """
        if not self.agent.kept:
            time.sleep(seconds)
            return self._pauses.had()
        self._answers.poll(seconds * 1000)
        return self._usage.had()

    def ended(self, seconds: float = READY_SECONDS) -> Ended:
        """How the job ended; raises InfrastructureError if the container is gone."""
        return self.agent.ended(self._status, self.id, seconds)

    def printed(self, seconds: float, most: int) -> bytes:
        """What the job printed on its console, empty if it failed or printed more than `most` bytes."""
        said, end = b"", time.monotonic() + seconds
        while time.monotonic() < end and len(said) <= most:
            if item := self.streams.read(0.2):
                said += item[1] if item[0] == CONSOLE else b""
            elif self.streams.over():
                break
        if len(said) > most or not self.streams.over() or self.ended(seconds).exit != Exit(0):
            return b""
        self.streams.drain()
        while item := self.streams.read(0):
            said += item[1] if item[0] == CONSOLE else b""
        return said if len(said) <= most else b""

    def end_job(self) -> bool:
        """End the job that runs, with all its processes; whether the container can still be used."""
        if not self.agent.kept:
            self.kill()
            return False
        try:
            os.write(self.commands, b"kill 0\n")
            found = self.ended(KILLED_SECONDS)
        except InfrastructureError:
            self.kill()
            return False
        self.streams.discard()
        return found.clean

    def strain(self) -> strain.Strain | None:
        """The processor time that its job has had and waited for so far; None where that cannot be told."""
        root = self.pid()
        return strain.of(root, without_root=True) if root else None

    def pid(self) -> int | None:
        """The first process, as this host numbers it; None where the engine cannot tell."""
        if self._pid is None:
            with contextlib.suppress(InfrastructureError), engine.speaking("the container's state cannot be read"):
                self._pid = int(engine.client().inspect_container(self.id)["State"]["Pid"]) or None
        return self._pid

    def kill(self) -> bool:
        """End all of it at once; whether it is gone."""
        if not self._dead:
            self._dead = engine.remove(self.id)
        return self._dead

    def remove(self) -> None:
        """The container, its processes and its folder; nothing of it stays, if the engine answers. If it does not, the
        folder stays, too: it tells whoever comes after us that there is a container.

        A kept one that waits ends by itself when its commands are closed, and removes itself, engine or not.
        """
        os.close(self.commands)
        gone = not self.id or self._dead or (engine.answers() and self.kill())
        self.streams.close()
        os.close(self._input)
        self._status.close()
        self._usage.close()
        if self._lent:
            self._lent.close()
        if self._wire:
            self._wire.close()
        if gone:
            with contextlib.suppress(OSError):
                files.remove(self.box)


def _laying() -> ModuleType:
    """What netlink is spoken with, for boots with networks alone: 0.3 s."""
    from bootmatrix.networks import laying  # noqa: PLC0415

    return laying
