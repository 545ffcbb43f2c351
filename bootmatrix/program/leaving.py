"""Ending on a signal: everything ends within seconds, whatever a child process, an engine or a file does."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from bootmatrix.program import signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS = 8.0  # from the first signal until we leave, whatever is still to be done
WORKERS, CONTAINERS = 3.0, 2.0  # of these: for boots to end, and for containers to be removed
STOPPED = 130

groups: set[int] = set()
"""The process groups of this host that are ours to end: by their leaders."""


def end_groups() -> None:
    """Kill what we have started on this host."""
    for group in tuple(groups):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def at_once() -> None:
    """Leave now: nothing is waited for, no thread joined. What was written is whole."""
    end_groups()
    with contextlib.suppress(OSError):
        os.write(2, b"\nstopped at once; `bootmatrix run --resume` resumes a run\n")
    os._exit(STOPPED)


def finish(status: int) -> None:
    """Leave with a status, without waiting for threads that were given up."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    if threading.active_count() > 1:
        end_groups()
        os._exit(status)
    sys.exit(status)


@contextlib.contextmanager
def on_signals(
    first: Callable[[signal.Signals], None], numbers: tuple[signal.Signals, ...] = SIGNALS
) -> Iterator[None]:
    """While this lasts, the first of these signals calls `first`, and the second ends the process at once. So does the
    first if this has not ended some seconds later: the main thread may hang in a call that no signal ends.

    What was ignored when we were started stays ignored, as `nohup` and shells want it.
    """
    timers: list[threading.Timer] = []

    def handle(number: int, _frame: object) -> None:
        if timers:
            at_once()
        timers.append(threading.Timer(SECONDS, at_once))
        timers[0].daemon = True
        timers[0].start()
        first(signal.Signals(number))

    before = {number: signal.getsignal(number) for number in numbers}
    ours = [number for number in numbers if not signals.was_ignored(number)]
    for number in ours:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
        for timer in timers:
            timer.cancel()
