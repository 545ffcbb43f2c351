"""What a running job prints, read from pipes without a thread: both outputs and whatever tells its end in one poll."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections import deque
from typing import TYPE_CHECKING

from bootmatrix.places.place import CHUNK, CONSOLE, TENDER

if TYPE_CHECKING:
    from collections.abc import Callable

MOMENT, SMALL = 0.004, 4096  # seconds, bytes
DRAINED = 256  # chunks that are taken after the end, 16 MiB: more than pipes hold


class Streams:
    """Two non-blocking pipes, and `end`, a descriptor that can be read, or is only hung up, when the job is over;
    `end` is not ours. `quiet` is called where nothing has come.
    """

    def __init__(
        self,
        console: int,
        tender: int,
        end: int,
        *,
        hangs_up: bool = False,
        quiet: Callable[[], None] = lambda: None,
    ) -> None:
        self._quiet = quiet
        self._kinds = {console: CONSOLE, tender: TENDER}
        self._open = set(self._kinds)
        self._end = end
        self._poll = select.poll()
        for descriptor in (console, tender):
            self._poll.register(descriptor, select.POLLIN)
        self._only_end = select.poll()
        for poll in (self._poll, self._only_end):
            poll.register(end, 0 if hangs_up else select.POLLIN)
        self._chunks: deque[tuple[str, bytes]] = deque()
        self._drips = False  # whether the last chunks were small

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        """The next chunk, None if there is none within so many seconds or if the job is over: see `over`.

        A guest writes a line at a time, and to be woken for each costs more than the guest: after small chunks the
        pipes have a moment to fill, unless the job ends.
        """
        deadline = time.monotonic() + seconds
        if self._drips and not self._chunks and seconds:
            self._only_end.poll(min(MOMENT, seconds) * 1000)
        while not self._chunks:
            events = self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            for descriptor, _ in events:
                if descriptor != self._end:
                    self._take(descriptor)
            self._drips = all(len(chunk) < SMALL for _, chunk in self._chunks)
            if not self._chunks and (not events or any(descriptor == self._end for descriptor, _ in events)):
                self._quiet()
                return None
        return self._chunks.popleft()

    def over(self) -> bool:
        """Whether the job has ended, whatever of its output is still to be read."""
        return bool(self._only_end.poll(0))

    def drain(self) -> None:
        """Take what is left in the pipes after the end."""
        for descriptor in tuple(self._open):
            for _ in range(DRAINED):
                if not self._take(descriptor):
                    break

    def discard(self) -> None:
        """Forget all that was printed and not read."""
        self.drain()
        self._chunks.clear()

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
