"""The guest's console while it is printed, for checks that wait for something on it."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 1 << 20  # bytes that are kept: the last
NEW = 2 << 20  # bytes that are kept for who listens: the first that he has not taken yet


class Feed:
    """Filled by the thread that reads the console, listened to by those of checks."""

    def __init__(self) -> None:
        self._data, self._closed = bytearray(), False
        self._ears: dict[int, bytearray] = {}
        self._more = threading.Condition()

    def add(self, chunk: bytes) -> None:
        with self._more:
            self._data += chunk
            del self._data[:-MOST]
            for ear in self._ears.values():
                ear.extend(chunk[: max(0, NEW - len(ear))])
            self._more.notify_all()

    def close(self) -> None:
        """Nothing more comes."""
        with self._more:
            self._closed = True
            self._more.notify_all()

    @contextlib.contextmanager
    def heard(self, *, before: bool) -> Iterator[bytearray]:
        """What is printed from now on, for `wait` and `taken`, and what is kept of it from `before`."""
        ear = bytearray()
        with self._more:
            ear += self._data if before else b""
            self._ears[id(ear)] = ear
        try:
            yield ear
        finally:
            with self._more:
                del self._ears[id(ear)]

    def wait(self, ear: bytearray, seconds: float) -> bool:
        """Until there is something; False if no more can come."""
        with self._more:
            self._more.wait_for(lambda: self._closed or ear, seconds)
            return not self._closed

    def taken(self, ear: bytearray) -> bytes:
        """What has been printed since it was asked last: of more than is kept, the first."""
        with self._more:
            found = bytes(ear)
            ear.clear()
            return found
