"""A socket that nobody waits for: what it does not take is kept for later, within bounds."""

from __future__ import annotations

import contextlib
import select
import socket
import threading

MOST = 4 << 20  # bytes that wait to be sent
SOME = 1 << 18  # bytes that are taken at once


class Buffered:
    """`end` is ours from now on. Any thread may send, one takes."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end, self._out = end, bytearray()
        self._lock = threading.Lock()

    @property
    def descriptor(self) -> int:
        """Negative once it is closed."""
        return self._end.fileno()

    @property
    def events(self) -> int:
        """What is worth waiting for."""
        return select.POLLIN | (select.POLLOUT if self._out else 0)

    def send(self, content: bytes) -> bool:
        """Whether it is on its way: not if too much is."""
        with self._lock:
            fits = len(self._out) <= MOST
            if fits:
                self._out += content
        self.flush()
        return fits

    def flush(self) -> None:
        """Send what it takes now; to one that is closed at its other end nothing goes: who takes is told."""
        with self._lock:
            try:
                while self._out:
                    del self._out[: self._end.send(self._out)]
            except BlockingIOError:
                return
            except OSError:
                self._out.clear()

    def take(self) -> bytes | None:
        """What has come, empty if nothing has; None if nothing will."""
        try:
            return self._end.recv(SOME) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def end(self) -> None:
        """Nothing comes or goes any more; who waits for it is woken."""
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Nobody waits for it."""
        self._end.close()
