"""A container that runs: its agent is spoken to through pipes, without the engine, at the tender's own speed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import time
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import InfrastructureError
from bootmatrix.places import engine, settings
from bootmatrix.places.agents import INSIDE, PIPES, Agent, Ended
from bootmatrix.places.streams import Streams

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.place import Job

READY_SECONDS = 60.0
KILLED_SECONDS = 10.0
LONGEST = 1 << 20  # bytes of a command line, which a pipe must hold: a matrix is no longer


class Container:
    """One container, for jobs of one room."""

    def __init__(self, image: str, job: Job, run: str, box: Path, agent: Agent) -> None:
        self.image, self.room, self.agent, self.box = image, job.room, agent, box
        self.name, self.id = job.name, ""
        self._dead = False
        box.mkdir(parents=True, mode=0o700)
        for name in PIPES:
            os.mkfifo(box / name)
        agent.install(box)
        self.commands = os.open(box / "commands", os.O_RDWR | os.O_CLOEXEC)  # the agent reads an end when we are gone
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.commands, fcntl.F_SETPIPE_SZ, LONGEST)
        self._status = os.open(box / "status", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._asked = select.poll()
        self._asked.register(self._status, select.POLLIN)
        self._said = b""
        # Open for writing as well: no end is read between two jobs
        both = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
        self.streams = Streams(os.open(box / "console", both), os.open(box / "tender", both), self._status)
        try:
            self._start(settings.arguments(image, job, run, {box: INSIDE}, agent.command(job), kept=agent.kept))
        except BaseException:
            self.remove()
            raise

    def _start(self, arguments: dict[str, Any]) -> None:
        with engine.speaking(f"the container for {self.name} cannot be started"):
            self.id = str(engine.client().create_container(**arguments)["Id"])
            engine.client().start(self.id)
        word = self._line(READY_SECONDS)
        if word != "ready":
            raise InfrastructureError(f"the container for {self.name} did not get ready: {word or 'it ended'}")

    def hand(self, job: Job) -> None:
        """Let the agent run a job."""
        self._said = b""
        os.write(self.commands, self.agent.told(self.box, job))

    def ended(self, seconds: float = READY_SECONDS) -> Ended:
        """How the job ended, by what the agent says; raises InfrastructureError if the container is gone."""
        lines: list[str] = []
        while line := self._line(seconds):
            lines.append(line)
            if found := self.agent.ended(lines):
                return found
        self._dead = True
        raise InfrastructureError(f"the container of {self.name} was ended from outside")

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

    def _line(self, seconds: float) -> str:
        """The agent's next line, empty if it is gone."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._said:
            if not self._asked.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise InfrastructureError(f"the container of {self.name} does not answer")
            some = os.read(self._status, 4096)
            if not some:
                return ""
            self._said += some
        line, _, self._said = self._said.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def pid(self) -> int | None:
        """The first process, as this host numbers it; None where the engine cannot tell."""
        with contextlib.suppress(InfrastructureError), engine.speaking("the container cannot be looked at"):
            return int(engine.client().inspect_container(self.id)["State"]["Pid"]) or None
        return None

    def kill(self) -> None:
        """End all of it at once."""
        if not self._dead:
            self._dead = True
            engine.remove(self.id)

    def remove(self) -> None:
        """The container, its processes and its folder; nothing of it stays.

        One that waits ends by itself when its commands are closed, and removes itself, engine or not.
        """
        os.close(self.commands)
        if self.id and not self._dead and engine.answers():
            self.kill()
        self.streams.close()
        os.close(self._status)
        shutil.rmtree(self.box, ignore_errors=True)
