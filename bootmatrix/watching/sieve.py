"""Drops a tender's noise: lines that it writes by the thousand, and of which only a few matter."""

from __future__ import annotations

import re

LONGEST = 64 << 10  # bytes of a line that are waited for


class Sieve:
    """Drops the whole lines that fit a regular expression; without one, everything passes at once."""

    def __init__(self, noise: str) -> None:
        self._noise = re.compile(rb"^(?:" + noise.encode() + rb")$\n", re.MULTILINE) if noise else None
        self._open = b""

    def sift(self, chunk: bytes) -> bytes:
        """What is to be kept so far; the beginning of a line waits for its end."""
        if not self._noise:
            return chunk
        whole, end, self._open = (self._open + chunk).rpartition(b"\n")
        if len(self._open) > LONGEST:
            whole, end, self._open = whole + end + self._open, b"", b""
        return self._noise.sub(b"", whole + end)

    def rest(self) -> bytes:
        """The last line, if it has no end."""
        rest, self._open = self._open, b""
        return rest
