"""Network namespaces on this host: each job with interfaces has its own, held by a small process (`holder.py`).

Who is not root has them in a user namespace of their own, which some hosts do not allow.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.namespace import Lent, Shared
from bootmatrix.places.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bootmatrix.model import Interface
    from bootmatrix.places.namespace import Beside, Home
    from bootmatrix.places.place import Job

PATIENCE = 10.0  # seconds for a program that stands in a namespace to end when its boot has
PROGRAM = Path(__file__).with_name("holder.py")
REMEDY = (
    "run as root, or use containers, or allow user namespaces (sysctl user.max_user_namespaces, "
    "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
)


class Apart(Wire):
    """The namespace of a job that is about to be started."""

    def meet(self) -> None:
        """Wait until it is there; raises InfrastructureError if this host does not allow that."""
        self.home = str(self._number(b"begin", "cannot be made"))

    def share(self, end: socket.socket) -> None:
        """Let another be served at this end of a wire, in the same user namespace."""
        self._plain(b"share", "cannot have another beside it", [end.fileno()])


def inside(namespace: Home, argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that runs it in there, as the same user and without a right over the namespace."""
    user = ["--user", "--preserve-credentials"] if os.getuid() else []
    return ("nsenter", f"--target={namespace.home}", "--net", *user, "--", *argv)


@contextlib.contextmanager
def laid(job: Job) -> Iterator[tuple[Lent | None, Mapping[str, Lent]]]:
    """While this lasts, there are the networks of the job in a namespace of its own, and that of each network's host
    end; none if it has no interfaces.

    Raises InfrastructureError if this host does not allow that.
    """
    if not job.interfaces:
        yield None, {}
        return
    from bootmatrix.networks import laying  # noqa: PLC0415  # 0.3 s

    with contextlib.ExitStack() as stack:
        beside = job.shared.beside if job.shared else None
        first = stack.enter_context(_beside(beside, job.name) if beside else held(job.name))
        others = [stack.enter_context(_beside(first, f"{job.name} ({name})")) for name in job.apart]
        mine, *apart = [stack.enter_context(_lent(each)) for each in (first, *others)]
        ends = job.shared.ends if job.shared else dict(zip(job.networks, apart or [mine], strict=True))
        for each in (mine, *apart):
            laying.begin(each)
        laying.lay(mine, job.interfaces, ends, job.port)
        yield mine, ends


@contextlib.contextmanager
def shared(name: str, interfaces: Sequence[Interface]) -> Iterator[Shared]:
    """While this lasts, there are networks for several jobs, the host end of each in a namespace of its own."""
    from bootmatrix.networks import laying  # noqa: PLC0415  # 0.3 s

    with contextlib.ExitStack() as stack:
        first: Apart | None = None
        ends: dict[str, Lent] = {}
        for network in dict.fromkeys(each.network for each in interfaces):
            called = f"{name} ({network.name})"
            made = stack.enter_context(_beside(first, called) if first else held(called))
            first = first or made
            ends[network.name] = stack.enter_context(_lent(made))
            laying.begin(ends[network.name])
            laying.share(ends[network.name], network)
        yield Shared(ends, first)


@contextlib.contextmanager
def _lent(namespace: Apart) -> Iterator[Lent]:
    """Ours until the last has left it: the process that holds it could be another by then."""
    found = Lent(namespace)
    try:
        yield found
    finally:
        found.close()
        found.left(PATIENCE)


@functools.cache
def trouble(*, by_socket: bool = False) -> str:
    """Why this host has no namespaces for jobs with such interfaces, empty if it has; asked once."""
    if not which("nsenter"):
        return "a boot with a network needs nsenter on PATH: install util-linux"
    from bootmatrix.networks import laying  # noqa: PLC0415  # 0.3 s

    try:
        with held("a boot") as namespace:
            laying.attach(namespace, "tap", by_socket=by_socket)
    except InfrastructureError as error:
        return f"{error}: {REMEDY if os.getuid() else 'use containers'}"
    return ""


@contextlib.contextmanager
def held(name: str) -> Iterator[Apart]:
    """While this lasts, there is a namespace, with nothing in it; raises InfrastructureError if there cannot be."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    namespace = Apart(ours, name)
    with contextlib.closing(namespace), theirs:
        HOLDER.hold(theirs)
        theirs.close()
        namespace.meet()
        yield namespace


@contextlib.contextmanager
def _beside(first: Beside, name: str) -> Iterator[Apart]:
    """Another one, whose links can be joined with those of the first."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    namespace = Apart(ours, name)
    with contextlib.closing(namespace), theirs:
        first.share(theirs)
        theirs.close()
        namespace.meet()
        yield namespace


class Holder:
    """The process that holds the namespaces of all jobs, started for the first of them; it ends with us."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None

    def hold(self, end: socket.socket) -> None:
        """Let it serve a namespace at this end of a wire; raises InfrastructureError if it cannot be started."""
        with self._lock:
            if not self._door or not self._process or self._process.poll() is not None:
                self._start()
            assert self._door  # noqa: S101  # it was started
            with contextlib.suppress(OSError):  # then nobody answers at the other end
                socket.send_fds(self._door, [b"1"], [end.fileno()])

    def close(self) -> None:
        """Let it end, and wait for that."""
        if self._door:
            self._door.close()
        if self._process:
            self._process.wait()

    def _start(self) -> None:
        self.close()
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", PROGRAM, str(theirs.fileno())],
                    cwd="/",
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C at a terminal is not for it
                )
            except OSError as error:
                raise InfrastructureError(f"{sys.executable} cannot be started: {error.strerror}") from None


HOLDER = Holder()
atexit.register(HOLDER.close)
