"""Keeps warnings, and the output of a shell that stopped the program, from damaging the live screen."""

from __future__ import annotations

import contextlib
import io
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Lines(io.TextIOBase):
    """A stream that hands on whole lines."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._begun = ""
        self._lock = threading.RLock()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._tell(line)
        return len(text)

    def end(self) -> None:
        if self._begun:
            self.write("\n")


@contextlib.contextmanager
def intruders(tell: Callable[[str], None], moved: Callable[[], None]) -> Iterator[None]:
    """`tell` gets what is printed meanwhile; `moved` is called when the program goes on after it was stopped."""
    lines = Lines(tell)
    with contextlib.redirect_stdout(lines), contextlib.redirect_stderr(lines), _going_on(moved):
        try:
            yield
        finally:
            lines.end()


@contextlib.contextmanager
def _going_on(moved: Callable[[], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only that one may have handlers
        yield
        return
    before = signal.signal(signal.SIGCONT, lambda _number, _frame: moved())
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before or signal.SIG_DFL)
