"""Locks for a test's `resources`: one boot at a time uses such a thing, across all runs and users of this host.

A socket with an abstract name is the lock. It needs no folder that all users may write and nobody sweeps, belongs to no
cache, and is gone with its process. It holds for a network namespace, as taps and bridges do; what runs in a container
of its own has others. Who has it the kernel tells (unix(7): SO_PEERCRED), so that nobody makes us wait unknown.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import socket
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import keys
from bootmatrix.errors import InfrastructureError, printable

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

TICK = 0.05  # seconds between looks
PATIENT = 5.0  # seconds until it is said for whom we wait
LONGEST = 200  # characters of a command line that are shown
CREDENTIALS = struct.Struct("3i")  # process, user, group


@contextlib.contextmanager
def held(names: Iterable[str], stop: threading.Event, note: Callable[[str], None]) -> Iterator[None]:
    """Wait until nobody else has any of them; `note` takes for whom we wait. InfrastructureError if the run is stopped.

    All take them in one order, so that no two wait for each other.
    """
    with contextlib.ExitStack() as stack:
        for name in sorted(set(names)):
            stack.enter_context(_taken(name, stop, note))
        yield


def _taken(name: str, stop: threading.Event, note: Callable[[str], None]) -> socket.socket:
    begun, told = time.monotonic(), ""
    while not (lock := _lock(name)):
        if time.monotonic() - begun >= PATIENT and (holder := _holder(name)) != told:
            note(f"waiting for the resource '{name}', in use by {holder}")
            told = holder
        if stop.wait(TICK):
            raise InfrastructureError(f"the run was interrupted while it waited for the resource '{name}'")
    return lock


def _address(name: str) -> str:
    return f"\0bootmatrix-resource-{keys.of(name)}"


def _lock(name: str) -> socket.socket | None:
    """None if another has it."""
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        lock.bind(_address(name))
        lock.listen()  # so that others can ask who we are; no one is ever answered
    except OSError as error:
        lock.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise InfrastructureError(f"the resource '{name}' cannot be locked: {error.strerror}") from None
    return lock


def _holder(name: str) -> str:
    """Who has it, for people."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.setblocking(False)
        try:
            asking.connect(_address(name))
            told = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        except OSError:
            return "another program"
    process, user, _ = CREDENTIALS.unpack(told)
    who = f"process {process}" if process else "a process outside of this PID namespace"
    return f"{who} of {_user(user)}{_command(process)}"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _command(process: int) -> str:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes()[: 4 * LONGEST].split(b"\0")
    except OSError:
        return ""
    text = " ".join(os.fsdecode(word) for word in words if word)
    return f" ({printable(text, LONGEST)})" if text else ""
