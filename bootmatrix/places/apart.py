"""Network namespaces on this host: each job with interfaces has its own, held by a small process (`holder.py`).

Who is not root has them in a user namespace of their own, which some hosts do not allow.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError, printable
from bootmatrix.places.wire import SECONDS, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.places.namespace import Namespace
    from bootmatrix.places.place import Job

PROGRAM = Path(__file__).with_name("holder.py")
GONE_SECONDS = 5.0  # that it has to end
LONGEST = 300  # characters of a reason
READY = re.compile(rb"ready ([0-9]{1,9})")
REMEDY = (
    "run as root, or use containers, or allow user namespaces (sysctl user.max_user_namespaces, "
    "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
)


class Apart(Wire):
    """The namespace of a job that is about to be started."""

    def __init__(self, end: socket.socket, name: str, process: int) -> None:
        super().__init__(end, name)
        self.home = str(process)


def inside(namespace: Namespace, argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that runs it in there, as the same user and without a right over the namespace."""
    user = ["--user", "--preserve-credentials"] if os.getuid() else []
    return ("nsenter", f"--target={namespace.home}", "--net", *user, "--", *argv)


@contextlib.contextmanager
def laid(job: Job) -> Iterator[tuple[Apart | None, dict[str, Namespace]]]:
    """While this lasts, there are the networks of the job in a namespace of its own, and that of each network's host
    end; none if it has no interfaces.

    Raises InfrastructureError if this host does not allow that.
    """
    if not job.interfaces:
        yield None, {}
        return
    from bootmatrix.networks import laying  # noqa: PLC0415  # 0.3 s

    with _held(job.name, *(f"{job.name} ({name})" for name in job.apart)) as (mine, *others):
        ends: dict[str, Namespace] = dict(zip(job.networks, others or [mine], strict=True))
        for each in (mine, *others):
            laying.begin(each)
        laying.lay(mine, job.interfaces, ends)
        yield mine, ends


@functools.cache
def trouble() -> str:
    """Why this host has no namespaces for jobs, empty if it has; asked once."""
    if missing := [name for name in ("unshare", "nsenter") if not which(name)]:
        return f"a boot with a network needs {missing[0]} on PATH: install util-linux"
    try:
        with _held("a first job") as (namespace,):
            namespace.tap("first")
    except InfrastructureError as error:
        return f"this host gives a boot no network ({error}): {REMEDY if os.getuid() else 'use containers'}"
    return ""


@contextlib.contextmanager
def _held(*names: str) -> Iterator[list[Apart]]:
    """A namespace for each of these names."""
    with contextlib.ExitStack() as ends:
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in names]
        with contextlib.ExitStack() as given:
            theirs = [given.enter_context(end).fileno() for _, end in pairs]
            process = ends.enter_context(_started(theirs))
        for ours, _ in pairs:
            ends.enter_context(ours)
        found = []
        for (ours, _), name in zip(pairs, names, strict=True):
            ours.settimeout(SECONDS)
            found.append(Apart(ours, name, _await(ours, process, name)))
            ends.callback(found[-1].close)
        yield found


def _await(ours: socket.socket, process: subprocess.Popen[bytes], name: str) -> int:
    """Who holds the namespace, by its process's number."""
    with contextlib.suppress(OSError):
        if ready := READY.fullmatch(ours.recv(32)):
            return int(ready[1])
    _kill(process)
    assert process.stderr  # noqa: S101  # Popen was asked for a pipe
    said = printable(process.stderr.read(LONGEST).decode("utf-8", "replace").strip())
    raise InfrastructureError(f"no network namespace for {name}: {said or f'nothing within {SECONDS:.0f} s'}")


@contextlib.contextmanager
def _started(descriptors: Sequence[int]) -> Iterator[subprocess.Popen[bytes]]:
    """It and its children end by themselves when the other ends of those sockets are closed."""
    user = ["--user", "--map-current-user", "--keep-caps"] if os.getuid() else []
    process = subprocess.Popen(
        ["unshare", *user, "--net", "--", sys.executable, "-I", "-S", PROGRAM, *map(str, descriptors)],
        cwd="/",
        env={},
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C at a terminal is not for it
    )
    with process:
        try:
            yield process
        finally:
            try:
                process.wait(GONE_SECONDS)
            except subprocess.TimeoutExpired:
                _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
