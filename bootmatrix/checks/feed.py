"""The guest's console while it is printed, for checks that wait for something on it."""

from __future__ import annotations

import threading

MOST = 1 << 20  # bytes that are kept: the last


class Feed:
    """Filled by the thread that reads the console, waited for by those of checks."""

    def __init__(self) -> None:
        self._data, self._total, self._closed = bytearray(), 0, False
        self._more = threading.Condition()

    def add(self, chunk: bytes) -> None:
        with self._more:
            self._total += len(chunk)
            self._data += chunk
            del self._data[:-MOST]
            self._more.notify_all()

    def close(self) -> None:
        """Nothing more comes."""
        with self._more:
            self._closed = True
            self._more.notify_all()

    @property
    def total(self) -> int:
        """Bytes so far."""
        return self._total

    def since(self, total: int) -> tuple[bytes, int]:
        """What was printed after the first `total` bytes, as far as it is kept, and the bytes so far."""
        with self._more:
            new = self._total - total
            return bytes(self._data[-new:]) if new else b"", self._total

    def wait(self, total: int, seconds: float) -> bool:
        """Until there are more than `total` bytes; False if no more can come."""
        with self._more:
            self._more.wait_for(lambda: self._closed or self._total > total, seconds)
            return not self._closed
