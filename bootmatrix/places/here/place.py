"""The host as a place: for trusted code only, since nothing but a process group holds a job."""

from __future__ import annotations

import contextlib
import itertools
import os
import platform
import resource
import secrets
import shlex
import signal
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bootmatrix import files, host
from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.places import disks, own, strain, undoing, usage
from bootmatrix.places.containers.sandbox import limits
from bootmatrix.places.here import apart, leftover
from bootmatrix.places.here.standing import Here
from bootmatrix.places.hosts import HERE
from bootmatrix.places.place import END, SCRATCH, Exit, Job, Mount, Place, Process, nothing, signal_exit
from bootmatrix.places.streams import Streams
from bootmatrix.program import leaving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from bootmatrix.model import Interface
    from bootmatrix.places.namespace import Namespace, Shared
    from bootmatrix.places.place import Begin
    from bootmatrix.places.standing import Standing


LOST = Problem(
    "the exit status of a process was lost: SIGCHLD is ignored, or another part of this program has read it",
    remedy="start bootmatrix without that: env --default-signal=CHLD bootmatrix …",
)
GONE = 5.0  # seconds that a killed process group has to disappear
_NUMBERS = itertools.count(1)
LIMITS = {
    "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC,
    "core": resource.RLIMIT_CORE,
    "fsize": resource.RLIMIT_FSIZE,
}


class LocalPlace(Place):
    """Scratch folders are made below `scratch`, or where this host has its temporary files."""

    name = HERE.name

    def __init__(self, scratch: Path | None = None) -> None:
        self.scratch = scratch

    @property
    def identity(self) -> str:
        return f"{platform.node()} {self.host.os_name}"

    def uncovered(self, program: str) -> Path:
        return Path(self.host.program(program) or program)

    @property
    def search_path(self) -> list[str]:
        return os.environ.get("PATH", os.defpath).split(os.pathsep)

    def mount(self, source: Path, inside: str, *, writable: bool = False) -> Mount:
        del inside
        return Mount(source.resolve(), str(source.resolve()), writable)

    def folder(self) -> str:
        return str(Path(self.scratch or tempfile.gettempdir(), f"bootmatrix-own-{secrets.token_hex(8)}"))

    @contextlib.contextmanager
    def start(self, job: Job, begin: Begin = nothing) -> Iterator[Process]:
        with (
            files.scratch("bootmatrix-", self.scratch) as scratch,
            _with_files(job),
            _with_disks(job) as laid,
            apart.laid(job) as (namespace, ends),
        ):
            begin(namespace)
            there = namespace or job.stands_in
            process = LocalProcess(replace(job, argv=apart.inside(there, job.argv)) if there else job, str(scratch))
            process.disks, process.namespace, process.ends = laid, namespace, ends
            try:
                yield process
            finally:
                process.close()
                if job.undo:
                    _undo(job, str(scratch))

    def lacks(self, job: Job) -> str:
        return super().lacks(job) or self._lacks_networks(job)

    @staticmethod
    def _lacks_networks(job: Job) -> str:
        return apart.trouble(by_socket=job.interfaces[0].by_socket) if job.interfaces else ""

    def shared(self, name: str, interfaces: Sequence[Interface]) -> AbstractContextManager[Shared]:
        return apart.shared(name, interfaces)

    def standing(self, namespace: Namespace, name: str) -> Standing:
        del name
        return Here(namespace)

    def command_line(self, job: Job, *, terminal: bool = False) -> list[str]:
        assigned = [f"{key}={value}" for key, value in job.env.items()]
        command = shlex.join([*(["env", *assigned] if assigned else []), *job.argv])
        line = command if job.workdir == SCRATCH else f"cd {shlex.quote(job.workdir)} && {command}"
        if job.undo and not terminal:  # after Ctrl-C, too
            line = f"(trap : INT; {line}; status=$?; {shlex.join(job.undo)}; exit $status)"
        return [line]


def _undo(job: Job, scratch: str) -> None:
    process = LocalProcess(job.undoing, scratch)
    try:
        undoing.check(process, job)
    finally:
        process.close()


@contextlib.contextmanager
def _with_files(job: Job) -> Iterator[None]:
    """While this lasts, the job's own files are where they shall be."""
    if not job.files:
        yield
        return
    try:
        own.lay(Path(job.folder), job.files)
        yield
    finally:
        own.remove(Path(job.folder))


@contextlib.contextmanager
def _with_disks(job: Job) -> Iterator[disks.Laid | None]:
    """The same for its disks."""
    if not job.disks:
        yield None
        return
    folder = Path(disks.beside(job.folder))
    disks.make(folder, disks.CLOSED)
    try:
        laid = disks.lay(folder, job.disks)
        with laid.held():
            yield laid
    finally:
        disks.clear(folder)
        own.remove(folder)


class LocalProcess(Process):
    """A session, and so a process group, of its own; what leaves that is found again by its mark."""

    def __init__(self, job: Job, scratch: str) -> None:
        self._exit: Exit | None = None
        self._mark = f"{os.getpid()}-{next(_NUMBERS)}"
        self.begun, self._next_sample = time.monotonic(), job.sample
        self._sample, self._guest = job.sample, job.guest
        self._child = _spawn(job, scratch, self._mark)
        if self._child.stdin:
            os.set_blocking(self._child.stdin.fileno(), False)
        leaving.groups.add(self._child.pid)
        if not job.trusted:
            self._limit(job)
        self._over = _pidfd(self._child.pid)
        self._streams = Streams(_taken(self._child.stdout), _taken(self._child.stderr), end=self._over)

    def _limit(self, job: Job) -> None:
        for name, limit in limits(job).items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self._child.pid, LIMITS[name], (limit, limit))

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        if item := self._streams.read(0 if self._exit else seconds):
            return item
        if self._exit:
            return END, b""
        self.check_ends()
        if not self._streams.over():
            return None
        self._exit = _ending(self._over)
        self._child.wait()
        self.kill()  # a child that outlived it would hold the pipes open
        self._streams.drain()
        return self.read(0)

    def write(self, data: bytes) -> int:
        assert self._child.stdin  # noqa: S101  # the job reads
        return self._child.stdin.write(data) or 0

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)

    def wait(self) -> Exit:
        assert self._exit is not None  # noqa: S101  # the contract: END was read
        return self._exit

    def samples(self) -> list[usage.Sample]:
        since = time.monotonic() - self.begun
        if since < self._next_sample or self._exit:  # its number may be another's now
            return []
        self._next_sample = since + self._sample
        found = usage.of(self._child.pid, since, self._guest)
        return [found] if found else []

    def strain(self) -> strain.Strain | None:
        return strain.of(self._child.pid)

    def close(self) -> None:
        """End what is left of it; a killed process is gone a little later than the call that kills it."""
        self.kill()
        self._child.wait()
        leaving.groups.discard(self._child.pid)
        end = time.monotonic() + GONE
        while time.monotonic() < end and (left := leftover.processes(self._child.pid, self._mark)):
            for process in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.002)
        self._streams.close()
        if self._child.stdin:
            self._child.stdin.close()
        os.close(self._over)


def _spawn(job: Job, scratch: str, mark: str) -> subprocess.Popen[bytes]:
    plain = {"PATH": os.environ.get("PATH", os.defpath), "HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8"}
    try:
        return subprocess.Popen(
            job.argv if job.trusted else disks.held(job.argv, job.disks),
            cwd=scratch if job.workdir == SCRATCH else job.workdir,
            env={**plain, **host.run_mark(), **job.env, leftover.MARK: mark},
            stdin=subprocess.PIPE if job.reads else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        raise InfrastructureError(f"{job.argv[0]} cannot be started: {error.strerror}") from None


def _pidfd(process: int) -> int:
    try:
        return os.pidfd_open(process)
    except ProcessLookupError:
        raise InfrastructureError(LOST) from None


def _ending(pidfd: int) -> Exit:
    """How a child ended, while that is still to be known: Popen takes for 0 what the kernel does not tell."""
    try:
        found = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT)
    except ChildProcessError:
        raise InfrastructureError(LOST) from None
    assert found is not None  # noqa: S101  # without WNOHANG it waits
    return Exit(found.si_status) if found.si_code == os.CLD_EXITED else signal_exit(found.si_status)


def _taken(stream: IO[bytes] | None) -> int:
    """A pipe's descriptor, non-blocking and ours."""
    assert stream is not None  # noqa: S101  # Popen was asked for pipes
    with stream:
        descriptor = os.dup(stream.fileno())
    os.set_blocking(descriptor, False)
    return descriptor
