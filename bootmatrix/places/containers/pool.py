"""The warm containers of a run: taken for a job, kept for the next, replaced where one is spoilt."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from typing import TYPE_CHECKING, Self

from bootmatrix import files, locks, uses
from bootmatrix.errors import Fatal, InfrastructureError, Problem
from bootmatrix.places.containers import agents, engine, settings
from bootmatrix.places.containers.agents import Agent, Keeper, Single
from bootmatrix.places.containers.warm import Container
from bootmatrix.program import leaving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bootmatrix.places.place import Job

IDLE = 8  # containers that wait for a next job, at the most: each costs 10 MB, a new one 0.2 s
TICK = 0.2
COMPILE_SECONDS = 120.0


class Pool:
    """The containers of a run: taken for a job, given back for the next of the same image and room.

    Their folders lie below `folder`, which must be on a file system of this host that has pipes.
    """

    def __init__(
        self,
        run: str,
        folder: Path,
        stop: threading.Event | None = None,
        note: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.run, self.folder, self.note = run, folder, note
        self.stop = stop or threading.Event()
        self._waiting = threading.Lock()
        self._idle: list[Container] = []  # the one that has waited longest first
        self._numbers = itertools.count(1)
        self._owns_folder = False  # only what was made for a container is removed in the end
        self.agents: dict[str, Agent] = {}
        self._agents_lock = threading.Lock()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm_up(self, image: str, *jobs: Job) -> None:
        """Let a container wait for each of the jobs, if the image can have one that waits."""
        for container in [self.take(image, job) for job in jobs if self.keeps(image, job)]:
            self.give_back(container, clean=True)

    def keeps(self, image: str, job: Job) -> bool:
        """Whether a container for the job has an agent that keeps it for the next; compiles that if need be."""
        return not (job.trusted or job.spoils_scratch) and self._agent(image).kept

    def take(self, image: str, job: Job) -> Container:
        """A container for the job; raises InfrastructureError if the engine makes none."""
        room = job.room
        with self._lock:
            found = next((c for c in reversed(self._idle) if c.image == image and c.room == room), None)
            if found:
                self._idle.remove(found)
        if found and not found.streams.over():
            return found
        if found:
            found.remove()  # it died while nobody used it
        alone = job.trusted or job.spoils_scratch or job.stands_in
        return self._new(image, job, Single() if alone else self._agent(image))

    def _new(self, image: str, job: Job, agent: Agent) -> Container:
        """One more try than the engine needs: a connection from before it was started anew breaks once."""
        for last in (False, True):
            self.await_engine()
            box = self.own_folder() / str(next(self._numbers))
            try:
                return Container(image, job, self.run, box, agent)
            except InfrastructureError:
                if last and engine.answers():
                    raise
        return self._new(image, job, agent)

    def own_folder(self) -> Path:
        """Where the folders of what the run starts lie: no other user may speak for it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._owns_folder = True
        return self.folder

    def _agent(self, image: str) -> Agent:
        """One that keeps containers of the image warm, compiled in it once; else one for single jobs."""
        with self._agents_lock:
            if image not in self.agents:
                self.await_engine()
                program = agents.program(engine.image_id(image))
                with locks.held(f"agent {program}", self.stop):
                    if not program.parent.is_dir():
                        self._compile(image, program)
                uses.mark("agent", program.parent.name, f"agent of {image}")
                self.agents[image] = Keeper(program) if files.is_plain(program) else Single()
        return self.agents[image]

    def _compile(self, image: str, program: Path) -> None:
        """What becomes of it appears whole: the agent, or a folder without it where the image has no compiler."""
        made = self.printed(image, agents.compilation(), COMPILE_SECONDS, agents.LARGEST)
        program.parent.parent.mkdir(parents=True, exist_ok=True)
        with files.scratch(f".{program.parent.name}-", program.parent.parent) as fresh:
            if made.startswith(agents.ELF):
                files.write(fresh / program.name, made, 0o755)
            fresh.chmod(0o755)
            fresh.rename(program.parent)

    def printed(self, image: str, job: Job, seconds: float, most: int) -> bytes:
        """What a job of ours prints, alone in a container; empty if it fails within so many seconds, or prints more."""
        container = self._new(image, job, Single())
        try:
            container.hand(job)
            return container.printed(seconds, most)
        finally:
            container.remove()

    def give_back(self, container: Container, *, clean: bool) -> None:
        """Keep it for the next job, or remove it if it was for one job only, or if that spoilt it."""
        if not clean:
            container.remove()
            return
        with self._lock:
            self._idle.append(container)
            oldest = self._idle.pop(0) if len(self._idle) > IDLE else None
        if oldest:
            oldest.remove()

    def await_engine(self) -> None:
        """Wait until the engine answers; raises Fatal if it does not come back, InfrastructureError if we stop."""
        if engine.answers():
            return
        with self._waiting:
            patience = engine.patience()
            end = time.monotonic() + patience
            if not engine.answers():
                self.note("the container engine does not answer: waiting for it")
            while not engine.answers():
                if self.stop.wait(TICK):
                    raise InfrastructureError("the run was interrupted while it waited for the container engine")
                if time.monotonic() > end:
                    what = f"the container engine has not answered for {patience:.0f} s"
                    raise Fatal(Problem(what, remedy="start it, then continue with `bootmatrix run --resume`"))

    def close(self) -> None:
        """Remove all that there are, side by side: the engine takes 50 ms for each, and some seconds if it hangs."""
        with self._lock:
            idle, self._idle = self._idle, []
        hands = [threading.Thread(target=container.remove, daemon=True) for container in idle]
        hands.append(threading.Thread(target=self._remove_others, args=(list(hands),), daemon=True))
        for hand in hands:
            hand.start()
        end = time.monotonic() + leaving.CONTAINERS if self.stop.is_set() else None
        for hand in hands:
            hand.join(None if end is None else max(0.0, end - time.monotonic()))

    def _remove_others(self, before: list[threading.Thread]) -> None:
        """Those that the engine did not remove when it was asked, and those of jobs that were given up."""
        for hand in before:
            hand.join()
        with contextlib.suppress(InfrastructureError, OSError):
            if self._owns_folder and any(self.folder.iterdir()) and engine.answers():
                gone = [engine.remove(container) for container in engine.labelled(f"{settings.LABEL}={self.run}")]
                if all(gone):
                    files.remove(self.folder)
