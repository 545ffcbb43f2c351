"""Warm containers: each is started once, and jobs are handed to its agent through pipes, without the engine."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import shutil
import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import InfrastructureError
from bootmatrix.places import engine, settings
from bootmatrix.places.place import Exit, Job, signal_exit
from bootmatrix.places.streams import Streams

if TYPE_CHECKING:
    from pathlib import Path

INSIDE = "/bootmatrix"
PIPES = ("commands", "status", "console", "tender")
READY_SECONDS = 60.0
UNTOLD = {130, 141}  # SIGINT and SIGPIPE, of whose signals a shell says nothing


class Container:
    """A container and its agent. `kept` takes jobs of one room one after the other, each as nobody; else one only."""

    def __init__(self, image: str, job: Job, run: str, box: Path, *, kept: bool) -> None:
        self.image, self.room, self.kept, self.box = image, job.room, kept, box
        self.name, self.id = job.name, ""
        self._jobs = itertools.count(1)
        self._dead = False
        self._make_box()
        self.commands = os.open(box / "commands", os.O_RDWR | os.O_CLOEXEC)  # its agent reads an end when we are gone
        self._status = os.open(box / "status", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        # Open for writing as well: no end is read between two jobs
        both = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
        self.streams = Streams(os.open(box / "console", both), os.open(box / "tender", both), self._status)
        try:
            self._start(settings.arguments(image, job, run, box, INSIDE, kept=kept))
        except BaseException:
            self.remove()
            raise

    def _make_box(self) -> None:
        self.box.mkdir(parents=True)
        self.box.chmod(0o700 if self.kept else 0o711)  # a single job may run as another user
        for name in PIPES:
            os.mkfifo(self.box / name)
            (self.box / name).chmod(0o600 if self.kept else 0o666)
        (self.box / "agent.sh").write_text(files("bootmatrix.places").joinpath("agent.sh").read_text())
        (self.box / "agent.sh").chmod(0o644)

    def _start(self, arguments: dict[str, Any]) -> None:
        with engine.speaking(f"the container for {self.name} cannot be started"):
            self.id = str(engine.client().create_container(**arguments)["Id"])
            engine.client().start(self.id)
        word = self._line(READY_SECONDS)
        if word == "plain":
            raise NotKept(self.image)
        if word != "ready":
            raise InfrastructureError(f"the container for {self.name} did not get ready: {word or 'it ended'}")

    def hand(self, script: str) -> None:
        """Let the agent run a script; raises InfrastructureError if the container is gone."""
        self._job = str(next(self._jobs))
        file = os.open(f"{self.box}/{self._job}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(file, os.fsencode(script))
        finally:
            os.close(file)
        os.write(self.commands, f"{self._job}\n".encode())

    def ended(self) -> tuple[Exit, bool]:
        """How the job ended, and whether it left nothing; raises InfrastructureError if the container is gone."""
        word, line = "", self._line(READY_SECONDS)
        while line and not line.startswith(f"{self._job} "):
            word, line = line, self._line(READY_SECONDS)
        if not line:
            self._dead = True
            raise InfrastructureError(f"the container of {self.name} was ended from outside")
        os.unlink(f"{self.box}/{self._job}")  # noqa: PTH108  # a Path costs more than the call
        _, status, left = line.split()
        return _exit(int(status), word, left), left == "nothing"

    def _line(self, seconds: float) -> str:
        """The agent's next line, empty if it is gone. A line is short and written at once: it is never torn."""
        raw = bytearray()
        waiting = select.poll()
        waiting.register(self._status, select.POLLIN)
        deadline = time.monotonic() + seconds
        while not raw.endswith(b"\n"):
            if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise InfrastructureError(f"the container of {self.name} does not answer")
            byte = os.read(self._status, 1)
            if not byte:
                return ""
            raw += byte
        return raw.decode("utf-8", "replace").strip()

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


class NotKept(Exception):
    """An image without setsid and setpriv: each of its jobs needs a container of its own."""


def _exit(status: int, word: str, left: str) -> Exit:
    """`word` is what the shell said of a signal."""
    by_signal = status > 128 and (bool(word) or status in UNTOLD)  # noqa: PLR2004
    found = signal_exit(status - 128) if by_signal else Exit(status)
    return Exit(found.status, found.signal, left == "memory")
