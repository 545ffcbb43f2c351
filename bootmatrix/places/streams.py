"""What a running job prints, read from pipes without a thread: both outputs and whatever tells its end in one poll."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections import deque

from bootmatrix.places.place import CHUNK, CONSOLE, TENDER

DRAINED = 256  # chunks that are taken after the end, 16 MiB: more than pipes hold


class Streams:
    """Two non-blocking pipes, and `end`, a descriptor that can be read when the job is over; `end` is not ours."""

    def __init__(self, console: int, tender: int, end: int) -> None:
        self._kinds = {console: CONSOLE, tender: TENDER}
        self._open = set(self._kinds)
        self._end = end
        self._poll = select.poll()
        for descriptor in (console, tender, end):
            self._poll.register(descriptor, select.POLLIN)
        self._chunks: deque[tuple[str, bytes]] = deque()

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        """The next chunk, None if there is none within so many seconds or if the job is over: see `over`."""
        deadline = time.monotonic() + seconds
        while not self._chunks:
            events = self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            for descriptor, _ in events:
                if descriptor != self._end:
                    self._take(descriptor)
            if not self._chunks and (not events or any(descriptor == self._end for descriptor, _ in events)):
                return None
        return self._chunks.popleft()

    def over(self) -> bool:
        """Whether the job has ended, whatever of its output is still to be read."""
        waiting = select.poll()
        waiting.register(self._end, select.POLLIN)
        return bool(waiting.poll(0))

    def drain(self) -> None:
        """Take what is left in the pipes after the end."""
        for descriptor in tuple(self._open):
            for _ in range(DRAINED):
                if not self._take(descriptor):
                    break

    def _take(self, descriptor: int) -> bool:
        """Whether there was anything."""
        if descriptor not in self._open:
            return False
        with contextlib.suppress(BlockingIOError):
            if chunk := os.read(descriptor, CHUNK):
                self._chunks.append((self._kinds[descriptor], chunk))
                return True
            self._open.discard(descriptor)  # closed by all that held it: it would be ready for ever
            self._poll.unregister(descriptor)
        return False

    def close(self) -> None:
        for descriptor in self._kinds:
            os.close(descriptor)
