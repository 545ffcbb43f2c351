"""What a boot's checks have open, so that all of it can be ended at once from another thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Ended(Exception):
    """The boot ended while a check was under way."""


class Ends:
    """`stop` is set once all has to end."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    @contextlib.contextmanager
    def opened(self, make: Callable[[], socket.socket]) -> Iterator[socket.socket]:
        """A socket that is shut down by `end`, however it is used. Raises Ended if that has been called."""
        if self.stop.is_set():
            raise Ended
        with self.kept(make()) as made:
            yield made

    @contextlib.contextmanager
    def kept(self, made: socket.socket) -> Iterator[socket.socket]:
        """The same for one that is there: it is closed afterwards."""
        with self._lock:
            self._open.add(made)
            if self.stop.is_set():
                _shut(made)
        try:
            yield made
        finally:
            with self._lock:  # a number that is closed and given to another is never shut down
                self._open.discard(made)
                made.close()

    def end(self) -> None:
        """What waits for a socket is woken; what a guest has sent already can still be read."""
        with self._lock:
            self.stop.set()
            for each in self._open:
                _shut(each)


def _shut(made: socket.socket) -> None:
    """At the socket itself: that of TLS would first forget its keys, under the feet of who reads."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(made, socket.SHUT_RDWR)
