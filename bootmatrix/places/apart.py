"""Network namespaces on this host: each job with interfaces has its own, held by a small process (`holder.py`).

Who is not root has them in a user namespace of their own, which some hosts do not allow.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError, printable
from bootmatrix.places.wire import SECONDS, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.namespace import Home
    from bootmatrix.places.place import Job

PROGRAM = Path(__file__).with_name("holder.py")
GONE_SECONDS = 5.0  # that it has to end
LONGEST = 300  # characters of a reason
REMEDY = (
    "run as root, or use containers, or allow user namespaces (sysctl user.max_user_namespaces, "
    "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
)


class Apart(Wire):
    """The namespace of a job that is about to be started."""

    def __init__(self, end: socket.socket, name: str, process: int) -> None:
        super().__init__(end, name)
        self.home = str(process)


def inside(namespace: Home, argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that runs it in there, as the same user and without a right over the namespace."""
    user = ["--user", "--preserve-credentials"] if os.getuid() else []
    return ("nsenter", f"--target={namespace.home}", "--net", *user, "--", *argv)


@contextlib.contextmanager
def laid(job: Job) -> Iterator[Apart | None]:
    """While this lasts, there are the networks of the job in a namespace of its own; None if it has no interfaces.

    Raises InfrastructureError if this host does not allow that.
    """
    if not job.interfaces:
        yield None
        return
    from bootmatrix.networks import laying  # noqa: PLC0415  # 0.3 s

    with _held(job.name) as namespace:
        laying.begin(namespace)
        laying.lay(namespace, job.interfaces)
        yield namespace


@functools.cache
def trouble() -> str:
    """Why this host has no namespaces for jobs, empty if it has; asked once."""
    if missing := [name for name in ("unshare", "nsenter") if not which(name)]:
        return f"a boot with a network needs {missing[0]} on PATH: install util-linux"
    try:
        with _held("a first job") as namespace:
            namespace.tap("first")
    except InfrastructureError as error:
        return f"this host gives a boot no network ({error}): {REMEDY if os.getuid() else 'use containers'}"
    return ""


@contextlib.contextmanager
def _held(name: str) -> Iterator[Apart]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, contextlib.ExitStack() as ends:
        with theirs:
            process = ends.enter_context(_started(theirs.fileno()))
        namespace = Apart(ours, name, process.pid)
        ends.callback(namespace.close)
        _await(ours, process, name)
        yield namespace


def _await(ours: socket.socket, process: subprocess.Popen[bytes], name: str) -> None:
    try:
        if ours.recv(16):
            return
    except OSError:
        process.kill()
    assert process.stderr  # noqa: S101  # Popen was asked for a pipe
    said = printable(process.stderr.read(LONGEST).decode("utf-8", "replace").strip())
    raise InfrastructureError(f"no network namespace for {name}: {said or f'nothing within {SECONDS:.0f} s'}")


@contextlib.contextmanager
def _started(descriptor: int) -> Iterator[subprocess.Popen[bytes]]:
    """It ends by itself when the other end of that socket is closed."""
    user = ["--user", "--map-current-user", "--keep-caps"] if os.getuid() else []
    process = subprocess.Popen(
        ["unshare", *user, "--net", "--", sys.executable, "-I", "-S", PROGRAM, str(descriptor)],
        cwd="/",
        env={},
        pass_fds=(descriptor,),
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
                process.kill()
