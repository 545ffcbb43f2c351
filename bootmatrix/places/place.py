"""The interface of a place: runs a job, streams its output, reports how it ended, and leaves nothing behind."""

from __future__ import annotations

import errno
import signal
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from bootmatrix.model import MIB
from bootmatrix.places import disks, stillness, usage
from bootmatrix.places.devices import TUN
from bootmatrix.places.hosts import HERE
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from bootmatrix.model import Interface
    from bootmatrix.places.disks import Disk, Laid
    from bootmatrix.places.hosts import Host
    from bootmatrix.places.namespace import Home, Lent, Namespace, Shared
    from bootmatrix.places.standing import Standing
    from bootmatrix.places.stillness import Stillness
    from bootmatrix.places.strain import Strain
    from bootmatrix.places.usage import Sample

    Begin = Callable[[Namespace | None], None]

CHUNK = 1 << 16
CONSOLE, TENDER, END = "console", "tender", "end"
SCRATCH = "/tmp"  # noqa: S108  # the scratch folder inside every place


@dataclass(frozen=True)
class Mount:
    """A file or folder of this host, and its name inside the place."""

    source: Path
    inside: str
    writable: bool = False


@dataclass(frozen=True)
class Job:
    """A command line and what it may use. `memory` in bytes, 0 for no limit; `trusted` runs as the caller, with a
    writable root file system and without the sandbox's limits, as builds do. `devices` by their names in `devices`.

    `files` are its own, by name: they lie in `folder`, a name that the place gave, for this job alone; and its `disks`,
    which it may write to, beside that. `interfaces` are taps or sockets on networks of its own, there before it begins,
    or on those that are `shared` with others, each of which has another `port`; or it `stands_in` the networks of
    another job: with interfaces, that has made them. `reads`: what is written to the process is its standard input,
    which else has nothing. `guest` is the memory in bytes of the guest that it runs, 0 if it runs none: its samples,
    one in `sample` seconds, tell that apart. What `brings` names inside of its mounts is on this host after the job
    has ended well, if it has made it: most places have nothing to do for that. `undo` is a command line that is run
    after it, however it ended, and ends what it has started besides its own processes.
    """

    argv: tuple[str, ...]
    name: str
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    workdir: str = SCRATCH
    devices: tuple[str, ...] = ()
    memory: int = 0
    processes: int = 256
    network: bool = False
    trusted: bool = False
    scratch: int = 64 * MIB
    folder: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    disks: Mapping[str, Disk] = field(default_factory=dict)
    interfaces: tuple[Interface, ...] = ()
    stands_in: Home | None = None
    shared: Shared | None = None
    port: int | None = None
    reads: bool = False
    guest: int = 0
    sample: float = usage.INTERVAL
    brings: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()

    @property
    def undoing(self) -> Job:
        """The job that runs `undo`, in the same room."""
        return replace(self, argv=self.undo, name=f"{self.name} (undo)", reads=False, guest=0, undo=())

    @property
    def room(self) -> tuple[object, ...]:
        """All but command lines, files, addresses and what is on the disks: jobs of one room can be handed to the same
        container, one after the other.
        """
        given = (self.workdir, self.needed, self.memory, self.processes, self.network, self.trusted, self.scratch)
        shared = (self.mounts, bool(self.interfaces), self.stands_in, disks.limit(self.disks))
        return (tuple(sorted(self.env.items())), *shared, *given)

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of those that its interfaces are on."""
        return tuple(dict.fromkeys(each.network.name for each in self.interfaces))

    @property
    def apart(self) -> tuple[str, ...]:
        """Those of them whose host end lies in a namespace of its own: all, unless a single interface is all there is.
        Between two ends in one the kernel would send nothing through the job.
        """
        return self.networks if len(self.interfaces) > 1 and not self.shared else ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The devices that it is given, and what its interfaces need."""
        taps = any(not each.by_socket for each in self.interfaces)
        return tuple(dict.fromkeys((*self.devices, *([TUN] if taps else []))))

    @property
    def spoils_scratch(self) -> bool:
        """Whether something of the host is mounted at, below or above the scratch folder: then that is never emptied,
        and the place is thrown away after the job.
        """
        inside = (PurePosixPath(mount.inside) for mount in self.mounts)
        return any(path.is_relative_to(SCRATCH) or PurePosixPath(SCRATCH).is_relative_to(path) for path in inside)


@dataclass(frozen=True)
class Exit:
    """How a process ended: `status`, or None and the `signal`'s name.

    `memory` is the peak of its resident memory in bytes (`ru_maxrss`, getrusage(2)), 0 where the place cannot tell;
    `seconds` from its beginning to its end, None where the place does not measure that itself.
    """

    status: int | None
    signal: str = ""
    out_of_memory: bool = False
    memory: int = field(default=0, compare=False)
    seconds: float | None = field(default=None, compare=False)


def nothing(_namespace: Namespace | None = None) -> None:
    """What most have to do before a job begins."""


class Process(ABC):
    """A running job. `begun` is when it began, on the monotonic clock; `disks` are its own. `namespace` has its taps,
    None if it has no interfaces; `ends` those of its networks' host ends, by the networks' names.
    """

    begun: float
    disks: Laid | None = None
    namespace: Namespace | None = None
    ends: Mapping[str, Lent] = MappingProxyType({})

    @abstractmethod
    def read(self, seconds: float) -> tuple[str, bytes] | None:
        """The next (CONSOLE | TENDER, bytes) as they come, (END, b"") when it has ended and all is read; None if
        there is nothing for so long. Raises InfrastructureError if the place lost the job.
        """

    def write(self, data: bytes) -> int:
        """To the standard input of a job that `reads`: how many bytes it takes at once, 0 if it has not read what it
        was sent before. OSError if it takes no more at all.
        """
        raise OSError(errno.ENXIO, f"it reads nothing, and so not {how_many(len(data), 'byte')}")

    def check_ends(self) -> None:
        """Raise InfrastructureError if a host end is no more that lies in a namespace of its own."""
        for end in self.ends.values():
            if end is not self.namespace:
                end.check()

    def stood(self) -> Stillness | None:
        """How long its place stood still since it began, None as long as that, which is asked, is not known: then it is
        to be called again. Raises InfrastructureError if it never is known.
        """
        return stillness.NONE

    @abstractmethod
    def kill(self) -> None:
        """End every process of the job at once; safe to call again."""

    @abstractmethod
    def wait(self) -> Exit:
        """How it ended, once END was read."""

    @abstractmethod
    def samples(self) -> list[Sample]:
        """What it used of this host, once in a second: all that was sampled since this was called last. None of a job
        that is shorter, or where the place cannot tell.
        """

    @abstractmethod
    def strain(self) -> Strain | None:
        """The processor time that the job has had and waited for so far; None if the place cannot tell."""


class Place(ABC):
    """Where jobs run. `name` is for people: an image, or this host. `host` is the machine that it is on."""

    name: str
    host: Host = HERE

    @property
    @abstractmethod
    def identity(self) -> str:
        """What the place's programs are, for content keys: it changes when a compiler or a tender may have changed."""

    @property
    def key(self) -> str:
        """`identity` among all kinds of places: what was built or passed in one of another kind says nothing here."""
        return f"{type(self).__name__} {self.identity}"

    @property
    def digest(self) -> str:
        """The id of the image that this place is; empty if it is none."""
        return ""

    @abstractmethod
    def mount(self, source: Path, inside: str, *, writable: bool = False) -> Mount:
        """How `source` will be seen: as `inside`, or under its own name where nothing is mounted."""

    @abstractmethod
    def folder(self) -> str:
        """Where a job's own files will be seen, for one job: to be called anew for each, and given to the job."""

    @abstractmethod
    def start(self, job: Job, begin: Begin = nothing) -> AbstractContextManager[Process]:
        """Leaving the context ends and removes everything of the job; raises InfrastructureError.

        `begin` is called when all is ready and the job is about to run, with the namespace of its networks if it has
        interfaces.
        """

    def lacks(self, job: Job) -> str:
        """Why such a job cannot be run here, empty if it can. Raises UserError for a device that is none,
        InfrastructureError if the place cannot tell.
        """
        return next(filter(None, map(self.host.lacks, job.needed)), "")

    @abstractmethod
    def shared(self, name: str, interfaces: Sequence[Interface]) -> AbstractContextManager[Shared]:
        """While this lasts, there are the networks of the interfaces of several jobs, of which `name` tells people.

        Raises InfrastructureError.
        """

    @abstractmethod
    def standing(self, namespace: Namespace, name: str) -> Standing:
        """The networks of a running job, for people, by a name that they know; InfrastructureError if it is taken."""

    def bring(self, file: Path, root: Path) -> Path:
        """The file, or what stands for it where boots may not read it: it must be one below `root`.

        Raises UserError if the caller may not read it either, Fatal if it cannot be brought.
        """
        del root
        return file

    def uncovered(self, program: str) -> Path | None:
        """The file of a program for which `identity` does not speak, None if it speaks for all that jobs can start."""
        del program
        return None

    def state_of(self, program: str) -> str:
        """What changes when a program that is on another machine does; empty where the others of these speak for it."""
        del program
        return ""

    @property
    @abstractmethod
    def search_path(self) -> list[str]:
        """The folders of a build's PATH."""

    def await_ready(self) -> None:  # noqa: B027  # most places are always ready
        """Wait until jobs can be started; Fatal if that does not come about, InfrastructureError if the run stops."""

    def warm_up(self, job: Job) -> None:  # noqa: B027  # most places are always ready
        """Be ready for a job of this one's room; raises InfrastructureError."""

    @abstractmethod
    def command_line(self, job: Job, *, terminal: bool = False) -> list[str]:
        """The same job as lines for a shell, for people who repeat it by hand; at a `terminal`, for those who type what
        it shall do.
        """


def signal_exit(number: int) -> Exit:
    """The end by a signal, by its number."""
    try:
        return Exit(None, signal.Signals(number).name)
    except ValueError:
        return Exit(None, f"SIG{number}")
