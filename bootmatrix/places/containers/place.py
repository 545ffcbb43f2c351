"""An image as a place: its containers are kept warm, and take one boot after the other without a trace of the last."""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from bootmatrix.errors import InfrastructureError
from bootmatrix.places import copies, disks, nodes, own, stillness, undoing
from bootmatrix.places.containers import engine, sandbox, settings, standing as standing_container
from bootmatrix.places.containers.agents import INSIDE
from bootmatrix.places.namespace import Shared
from bootmatrix.places.place import END, SCRATCH, Exit, Job, Mount, Place, Process, nothing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.model import Interface
    from bootmatrix.places.containers.agents import Ended
    from bootmatrix.places.containers.pool import Pool
    from bootmatrix.places.containers.warm import Container
    from bootmatrix.places.namespace import Lent, Namespace
    from bootmatrix.places.place import Begin
    from bootmatrix.places.standing import Standing
    from bootmatrix.places.stillness import Stillness
    from bootmatrix.places.strain import Strain
    from bootmatrix.places.usage import Had, Sample


class ContainerPlace(Place):
    """`image` is a tag or an id; its containers come from `pool`."""

    def __init__(self, image: str, pool: Pool) -> None:
        self.name, self.image, self.pool = image, image, pool

    @functools.cached_property
    def identity(self) -> str:
        """The image's id: made again from newer packages, its compiler is another though its tag is the same."""
        return engine.image_id(self.image)

    @property
    def digest(self) -> str:
        return self.identity

    def mount(self, source: Path, inside: str, *, writable: bool = False) -> Mount:
        return Mount(source.resolve(), inside, writable)

    def folder(self) -> str:
        """The same in each container: beside the pipes, where the next job of the same one has others, or none."""
        return f"{INSIDE}/{own.NAME}"

    @contextlib.contextmanager
    def start(self, job: Job, begin: Begin = nothing) -> Iterator[Process]:
        if job.interfaces and (lacking := self.lacks(job)):
            raise InfrastructureError(lacking)
        with self._holders(job) as holders:
            container = self.pool.take(self.image, job)
            process, mine, gone = ContainerProcess(container), container.box / own.NAME, True
            try:
                if job.disks:
                    process.disks = disks.lay(container.disks, job.disks)
                if job.files:
                    own.lay(mine, job.files)
                if job.interfaces:
                    process.namespace = own_network = container.hold(job.name)
                    shared = job.shared.ends if job.shared else {}
                    process.ends = ends = shared or holders or dict.fromkeys(job.networks, own_network)
                    container.lay(job, ends)
                begin(process.namespace)
                process.begun = time.monotonic()
                container.hand(job)
                yield process
            finally:
                if job.undo and process.clean:  # else all that it may have left goes with the container
                    container.hand(job.undoing)
                    after = ContainerProcess(container)
                    process.clean = not undoing.trouble(after) and after.clean
                if job.files:
                    gone = own.remove(mine)
                if job.disks:
                    gone &= disks.clear(container.disks)
                self.pool.give_back(container, clean=process.clean and container.clear() and gone)

    @contextlib.contextmanager
    def _holders(self, job: Job) -> Iterator[dict[str, Lent]]:
        """While this lasts, a namespace for the host end of each network that is to have one: of a container that waits
        for a next job, and gets none.
        """
        with contextlib.ExitStack() as taken:
            found = {}
            for name in job.apart:
                holder = self.pool.take(self.image, _holding(job))
                taken.callback(self._free, holder)
                found[name] = holder.hold(f"{job.name} ({name})")
            yield found

    def _free(self, holder: Container, *, holds: bool = True) -> None:
        self.pool.give_back(holder, clean=holder.clear(holds=holds))

    @contextlib.contextmanager
    def shared(self, name: str, interfaces: Sequence[Interface]) -> Iterator[Shared]:
        with contextlib.ExitStack() as taken:
            ends = {}
            for network in dict.fromkeys(each.network for each in interfaces):
                holder = self.pool.take(self.image, Job((), name, interfaces=tuple(interfaces)))
                taken.callback(self._free, holder, holds=False)
                ends[network.name] = holder.share(f"{name} ({network.name})", network)
            yield Shared(ends)

    def lacks(self, job: Job) -> str:
        """A network needs the agent, which alone has rights in the container."""
        if job.interfaces and job.spoils_scratch:
            return f"a boot with a network needs a {SCRATCH} of its own, but something of this host is mounted there"
        if job.interfaces and not self.pool.keeps(self.image, job):
            remedy = "add gcc to the image, or use --engine host"
            return f"a boot with a network needs a C compiler in its image, and {self.image} has none: {remedy}"
        return super().lacks(job)

    def bring(self, file: Path, root: Path) -> Path:
        """A copy where boots run as another user than the caller, who may not read all that the caller may."""
        return copies.readable(file, root) if os.getuid() == 0 and not engine.is_rootless() else file

    @property
    def search_path(self) -> list[str]:
        return ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    def await_ready(self) -> None:
        self.pool.await_engine()

    def warm_up(self, job: Job) -> None:
        self.pool.warm_up(self.image, job, *(_holding(job) for _ in job.apart))

    def standing(self, namespace: Namespace, name: str) -> Standing:
        engine.rename(namespace.home, name)
        return standing_container.InContainer(namespace.home, name, self.image)

    def command_line(self, job: Job, *, terminal: bool = False) -> list[str]:
        box = sandbox.of(self.image, job)
        if not terminal:
            return [settings.command_line(box, job.argv)]
        label = f"--label={settings.LABEL}={self.pool.run}"  # with the run it is removed, should we be killed
        options = ["-it", label]
        if job.stands_in:
            options.append(f"--name={standing_container.shell_in(job.stands_in.home)}")
        if job.interfaces:
            box = replace(box, user=f"{nodes.NOBODY}:0")  # the group that may ping: see `sandbox.NETWORKS`
        return [shlex.join(settings.command(box, options, job.argv))]


def _holding(job: Job) -> Job:
    """For the room of containers that hold the host ends of a job's networks."""
    return Job((), job.name, interfaces=job.interfaces)


class Runs(Protocol):
    """What runs one job after the other, and tells of each: a container, or a slot of a box."""

    @property
    def streams(self) -> Prints: ...
    @property
    def name(self) -> str: ...
    def write(self, data: bytes) -> int: ...
    def ended(self) -> Ended: ...
    def ask(self) -> None: ...
    def had(self, seconds: float) -> Had | None: ...
    def end_job(self) -> bool: ...
    def samples(self) -> list[Sample]: ...
    def strain(self) -> Strain | None: ...


class Prints(Protocol):
    """What a job prints, in order, until it is over."""

    def read(self, seconds: float) -> tuple[str, bytes] | None: ...
    def over(self) -> bool: ...
    def drain(self) -> None: ...


class ContainerProcess(Process):
    """A job in a container or a slot, from the moment that it is handed over."""

    def __init__(self, container: Runs) -> None:
        self.container = container
        self.clean = False  # whether it ended by itself and left nothing
        self._exit: Exit | None = None
        self._question = stillness.Question(container.name, container.ask, container.had)
        self.begun = time.monotonic()

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        if item := self.container.streams.read(0 if self._exit else seconds):
            return item
        if self._exit:
            return END, b""
        self.check_ends()
        if not self.container.streams.over():
            return None
        ended = self.container.ended()
        self._exit, self.clean = ended.exit, ended.clean
        self.container.streams.drain()
        return self.read(0)

    def write(self, data: bytes) -> int:
        return self.container.write(data)

    def stood(self) -> Stillness | None:
        return self._question.answer(self.begun)

    def kill(self) -> None:
        self.clean = self.container.end_job()

    def wait(self) -> Exit:
        assert self._exit is not None  # noqa: S101  # the contract: END was read
        return self._exit

    def samples(self) -> list[Sample]:
        return self.container.samples()

    def strain(self) -> Strain | None:
        return self.container.strain()
