"""What a container's first process says of itself and of its jobs: lines on a pipe, bounded, since anyone may write."""

from __future__ import annotations

import contextlib
import os
import select
import time
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError

if TYPE_CHECKING:
    from pathlib import Path

LINE, PIPE = 1 << 12, 1 << 16  # bytes: of a line of the agent's, and of what a pipe holds at the most


class Status:
    """The reading end of a container's pipe `status`; `descriptor` is for who polls it, `name` is the job's."""

    def __init__(self, pipe: Path, name: str) -> None:
        self.name = name
        self.descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self.descriptor, select.POLLIN)
        self._said = b""

    def forget(self) -> None:
        """What was said and not read is not of the next job."""
        self._said = b""

    def line(self, seconds: float) -> str:
        """The next line, empty if nobody is there to write one; no longer than a pipe's page."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._said:
            if not self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise InfrastructureError(f"the agent in the container of {self.name} does not answer")
            some = os.read(self.descriptor, LINE)
            if not some:
                return ""
            self._said += some
            if len(self._said) > LINE:
                raise InfrastructureError(f"the agent in the container of {self.name} sent an invalid reply")
        line, _, self._said = self._said.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def rest(self) -> str:
        """What else there is, and no more than a pipe holds."""
        with contextlib.suppress(BlockingIOError):
            return (self._said + os.read(self.descriptor, PIPE)).decode("utf-8", "replace")
        return ""

    def close(self) -> None:
        os.close(self.descriptor)
