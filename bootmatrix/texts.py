"""What a process prints, as bytes of which only so many are kept, and as text that a person or a pattern can read.

What else a text must not do depends on where it goes: `errors.printable` is for a message, `markdown` for Markdown. In
XML, what `visible` gives has no character that XML 1.0 does not have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bootmatrix.quantities import how_many_are

LINE = 500  # characters of a line that are shown
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
        return bytes(self.data + (left_out(lost) if lost else b"") + self.last)


def left_out(count: int) -> bytes:
    """The line that stands in a text where so many of its bytes are missing."""
    return f"\n[bootmatrix: {how_many_are(count, 'byte')} left out here]\n".encode()


def clean(raw: bytes) -> str:
    r"""Console bytes as text: decoded with replacement, no ANSI codes and control characters, lines ended by \n."""
    text = ANSI.sub("", raw.decode("utf-8", "replace"))
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def harmless(line: str) -> str:
    """One line, without what a terminal would obey: all that is no character to be seen (controls, marks that turn the
    direction of writing, lone surrogates) becomes U+FFFD, or a blank where it is white space, a line's end too.
    """
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in line)


def visible(text: str) -> str:
    """Harmless lines, ended by newlines, without ANSI codes."""
    if text.isprintable():  # takes a twentieth of the time to find
        return text
    lines = ANSI.sub("", text).expandtabs(4).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(map(harmless, lines))


def cut(text: str, most: int) -> str:
    """At most so many characters, with a mark where some are left out."""
    return text if len(text) <= most else f"{text[: most - 2]} …"


def line(text: str, most: int = LINE) -> str:
    """All of it in one visible line of at most `most` characters."""
    return cut(" ".join(visible(text[: 2 * most]).split()), most)
