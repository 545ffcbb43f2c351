"""What a process prints, as bytes of which only so many are kept, and as text that a person or a pattern can read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LAST = 64 << 10  # bytes that are kept from beyond a limit: a tender says last why it ended
# ECMA-48: CSI and OSC sequences (which hold no line's end), other escapes; and what a terminal would not show.
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x00-\x1f\x7f]{0,4096}(?:\x07|\x1b\\)|[ -/]*[0-~])")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass
class Record:
    """The first bytes up to a limit, and the last of those beyond it; `total` counts all of them."""

    limit: int
    data: bytearray = field(default_factory=bytearray)
    last: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, chunk: bytes) -> None:
        self.total += len(chunk)
        room = max(0, self.limit - len(self.data))
        self.data += chunk[:room]
        self.last += chunk[room:]
        del self.last[:-LAST]

    def end(self, size: int) -> str:
        """The last so many bytes as text."""
        return clean(bytes(self.data[-size:]))

    def raw(self) -> bytes:
        lost = self.total - len(self.data) - len(self.last)
        note = f"\n[bootmatrix: {lost:,} bytes are left out here]\n".encode() if lost else b""
        return bytes(self.data + note + self.last)


def clean(raw: bytes) -> str:
    r"""Console bytes as text: decoded with replacement, no ANSI codes and control characters, lines ended by \n."""
    text = ANSI.sub("", raw.decode("utf-8", "replace"))
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
