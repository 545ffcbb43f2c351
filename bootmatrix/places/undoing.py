"""What a job has started outside of its own processes, such as a domain of Xen, is ended by a command of its own."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.places.place import CONSOLE, END, Exit

if TYPE_CHECKING:
    from bootmatrix.places.place import Job, Process

PATIENCE = 60.0  # seconds: an emulated machine takes some for what is a moment elsewhere
LONGEST = 300  # characters of its words that are passed on


def trouble(undoing: Process) -> str:
    """Follow it to its end; why something may be left, empty if nothing is."""
    said, until = b"", time.monotonic() + PATIENCE
    try:
        while (item := undoing.read(max(0.0, until - time.monotonic()))) is not None:
            if item[0] == END:
                ended = undoing.wait()
                words = said.decode(errors="replace").strip()[-LONGEST:]
                return "" if ended == Exit(0) else words or f"it ended with {ended.signal or f'status {ended.status}'}"
            said = (said + item[1] if item[0] != CONSOLE else said)[-4 * LONGEST :]
    except InfrastructureError as error:
        return str(error)
    undoing.kill()
    return f"it took more than {PATIENCE:.0f} s"


def check(undoing: Process, job: Job, host: str = "") -> None:
    """`host` is the name of that which they are on, if it is not this one.

    Raises InfrastructureError if something of the job stays, since no such host can be replaced.
    """
    if why := trouble(undoing):
        remedy = f"by hand{f' on {host}' if host else ''}: {shlex.join(job.undo)}"
        raise InfrastructureError(Problem(f"what {job.name} has started cannot be ended: {why}", remedy=remedy))
