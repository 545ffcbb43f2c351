"""Standard streams that can be relied on: all three are open, and a failed write is a message, not a traceback."""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

NAMES = ("stdin", "stdout", "stderr")
ERRORS = "bootmatrix"  # the name of `_unencodable` among the codecs' error handlers


class Output(io.FileIO):
    """Standard output or error. What it does not take is lost: `trouble` is why, and the program goes on.

    With `leaves` it raises BrokenPipeError once its reader has gone: for what would print on and on.
    """

    trouble: OSError | None = None
    leaves = False

    def write(self, data: Buffer, /) -> int:
        try:
            return len(memoryview(data)) if self.trouble else self._written(data)
        except OSError as error:
            self.trouble = error
            if self.leaves and isinstance(error, BrokenPipeError):
                raise
        return len(memoryview(data))

    def _written(self, data: Buffer) -> int:
        """Another program with which we share it may have made it non-blocking."""
        while (count := super().write(data)) is None:
            select.select([], [self], [])
        return count


def prepare() -> None:
    """Open what the caller has closed: else the next file that is opened would be taken for it. Called once, first."""
    codecs.register_error(ERRORS, _unencodable)
    for number, name in enumerate(NAMES):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free
        if number == 0:
            sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # a descriptor
        else:
            setattr(sys, name, _opened(number, getattr(sys, name)))


def _opened(number: int, before: TextIO | None) -> io.TextIOWrapper:
    given: Any = before
    raw = Output(number, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=given.encoding if given else "utf-8",
        errors=ERRORS,
        line_buffering=number == 2 or raw.isatty(),  # noqa: PLR2004  # standard error, as Python has it
        write_through=bool(given) and given.write_through,
    )


def _unencodable(error: UnicodeError) -> tuple[bytes, int]:
    """A file's name as the bytes that it is, so that it can be copied into a shell; else an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return b"".join(map(_raw, error.object[error.start : error.end])), error.end


def _raw(char: str) -> bytes:
    byte = ord(char) - 0xDC00  # PEP 383: what could not be decoded
    return bytes([byte]) if 0x80 <= byte <= 0xFF else char.encode("ascii", "backslashreplace")  # noqa: PLR2004


def let_leave() -> None:
    """Let the program end when nobody reads its output any more."""
    if output := _output():
        output.leaves = True


def trouble() -> OSError | None:
    """Why standard output took no more; None if it took all, or if its reader left."""
    sys.stdout.flush()
    found = output.trouble if (output := _output()) else None
    return None if isinstance(found, BrokenPipeError) else found


def _output() -> Output | None:
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw if isinstance(raw, Output) else None
