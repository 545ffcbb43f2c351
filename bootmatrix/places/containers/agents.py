"""The agent, process 1 of a container, that runs jobs in it: one that serves many boots, one for a single job."""

from __future__ import annotations

import math
import re
import shlex
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar, Protocol

from bootmatrix import files as plain, host, keys
from bootmatrix.errors import InfrastructureError, printable
from bootmatrix.places.containers import engine
from bootmatrix.places.nodes import NOBODY
from bootmatrix.places.place import Exit, Job, Mount, signal_exit

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.containers.sandbox import Sandbox
    from bootmatrix.places.containers.status import Status

INSIDE = "/bootmatrix"
PIPES = ("commands", "status", "console", "tender", "usage", "input")
# What a kept container's first process needs to give up for each boot, and to end and clean up what that leaves.
RIGHTS = ("SETUID", "SETGID", "SETPCAP", "KILL", "DAC_OVERRIDE", "FOWNER")
OF_NETWORKS = ("NET_ADMIN", "NET_RAW")  # besides, to set up a boot's network, and to capture what goes through it
PARTS = ("agent_usage", "agent_time", "agent_kernel", "agent_relay", "agent_usher", "agent_net", "agent")
SOURCE = "".join(files("bootmatrix.places.containers").joinpath(f"{name}.c").read_text() for name in PARTS)
COMPILE = (
    'printf %s "$1" >/tmp/agent.c; for cc in cc gcc clang; do "$cc" -O2 -pthread -o /tmp/agent /tmp/agent.c >&2 && '
    "exec cat /tmp/agent; done; exit 1"
)
LARGEST = 1 << 20  # bytes of the agent: an image's compiler may print anything
ELF = b"\x7fELF"
TIME = b"time 0\n"  # asks what time the job that runs had
ENDED = re.compile(r"1 (exit|signal) ([0-9]{1,3}) (\w{1,20}) ([0-9]{1,15}) ([0-9]{1,15})")
SIGNALLED, KILLED = 128, 137  # what a shell adds to a signal's number, and makes of SIGKILL
UNTOLD = {130, 141}  # SIGINT and SIGPIPE, of whose signals a shell says nothing
ONLY_ENDED = 2  # lines of a shell that had nothing to say


@dataclass(frozen=True)
class Ended:
    """How a job ended, and whether nothing of it is left, so that another may follow."""

    exit: Exit
    clean: bool


class Agent(ABC):
    """How a container's first process is installed and spoken to."""

    kept: ClassVar[bool]

    @abstractmethod
    def install(self, box: Path) -> None:
        """Put it into the folder with the pipes."""

    def around(self, sandbox: Sandbox, box: Path) -> Sandbox:
        """The sandbox of its container, for jobs that have this one: the folder with the pipes is there, too."""
        return replace(sandbox, mounts=(Mount(box, INSIDE), *sandbox.mounts))

    @abstractmethod
    def command(self, sandbox: Sandbox) -> list[str]:
        """The container's command line, for jobs that have this sandbox."""

    @abstractmethod
    def told(self, box: Path, job: Job) -> bytes:
        """What is written to `commands` for a job."""

    @abstractmethod
    def ended(self, status: Status, container: str, seconds: float) -> Ended:
        """How the job in a container, by its id, ended; raises InfrastructureError if that is not told within so many
        seconds.
        """


class Keeper(Agent):
    """Runs one boot after the other, each as nobody: `agent.c`, as the image's own compiler made it."""

    kept: ClassVar[bool] = True

    def __init__(self, program: Path) -> None:
        self.program = program

    def install(self, box: Path) -> None:
        plain.copy(self.program, box / "agent", 0o755)
        for name in PIPES:
            (box / name).chmod(0o600)
        box.chmod(0o711)  # a boot opens its own files in there by their names, and nothing else

    def around(self, sandbox: Sandbox, box: Path) -> Sandbox:
        rights = (*RIGHTS, *(OF_NETWORKS if sandbox.wired else ()))
        return replace(super().around(sandbox, box), user="0:0", capabilities=rights)

    def command(self, sandbox: Sandbox) -> list[str]:
        return [f"{INSIDE}/agent", INSIDE, str(NOBODY), str(NOBODY), *map(str, sandbox.groups)]

    def told(self, box: Path, job: Job) -> bytes:
        del box
        return told(job)

    def ended(self, status: Status, container: str, seconds: float) -> Ended:
        """As the agent says, which alone can write to `status`: a boot is another user, and the folder is closed."""
        del container
        return ended(status, "container", seconds)


class Single(Agent):
    """Runs one job, as the container's user: `agent.sh`, in any image."""

    kept: ClassVar[bool] = False

    def install(self, box: Path) -> None:
        (box / "agent.sh").write_text(files("bootmatrix.places.containers").joinpath("agent.sh").read_text())
        box.chmod(0o711)
        for name in (*PIPES, "agent.sh"):
            (box / name).chmod(0o666)  # the job may run as another user

    def command(self, sandbox: Sandbox) -> list[str]:
        del sandbox
        return ["sh", f"{INSIDE}/agent.sh", INSIDE]

    def told(self, box: Path, job: Job) -> bytes:
        """The shell's words: the job replaces the subshell, so that its own end is what the shell sees."""
        source = '"$box/input"' if job.reads else "/dev/null"
        script = f'(exec {shlex.join(job.argv)}) <{source} >"$box/console" 2>"$box/tender" 3>&-\n'
        (box / "job").write_text(script, encoding="utf-8", errors="surrogateescape")
        (box / "job").chmod(0o644)
        return b"job\n"

    def ended(self, status: Status, container: str, seconds: float) -> Ended:
        """As the engine says. What the shell wrote decides only between a signal and the status that stands for it."""
        try:
            code, out_of_memory = engine.ended(container, math.ceil(seconds))
        except InfrastructureError:
            raise InfrastructureError(f"the container of {status.name} was ended from outside") from None
        said = status.rest().split("\n")
        if code == KILLED and said[-2:] != ["ended", ""] and not out_of_memory:
            raise InfrastructureError(f"the container of {status.name} was ended from outside")
        by_signal = code > SIGNALLED and (len(said) > ONLY_ENDED or code in UNTOLD)
        found = signal_exit(code - SIGNALLED) if by_signal else Exit(code)
        return Ended(replace(found, out_of_memory=code == KILLED and out_of_memory), clean=False)


class Said(Protocol):
    """What an agent says of a job, by its name."""

    @property
    def name(self) -> str: ...
    def line(self, seconds: float) -> str: ...


def told(job: Job) -> bytes:
    """A job in the words of `agent.c`."""
    words = "".join(f"{word}\0" for word in job.argv).encode("utf-8", "surrogateescape")
    return f"1 {len(words)} {job.reads:d} {round(job.sample * 1000)} {job.guest // 1024}\n".encode() + words


def ended(status: Said, where: str, seconds: float) -> Ended:
    """How a job ended, in its words; `where` it ran is for people. Raises InfrastructureError if it does not say."""
    line = status.line(seconds)
    found = ENDED.fullmatch(line)
    if not found:
        what = f"failed, its agent reports: {printable(line)}" if line else "was ended from outside"
        raise InfrastructureError(f"the {where} of {status.name} {what}")
    how, value, left, kib, microseconds = found.groups()
    end = signal_exit(int(value)) if how == "signal" else Exit(int(value))
    memory, seconds = int(kib) * 1024, int(microseconds) / 1e6
    return Ended(replace(end, out_of_memory=left == "memory", memory=memory, seconds=seconds), left == "nothing")


def program(image: str) -> Path:
    """Where the agent for an image is kept, by the image's id; a folder without it says that it has no compiler."""
    return host.cache() / "agents" / keys.of(image, SOURCE) / "agent"


def compilation() -> Job:
    """The job that compiles the agent in an image and prints it: nothing of this host is lent to that compiler."""
    return Job(("sh", "-c", COMPILE, "sh", SOURCE), "the agent that keeps containers warm")
