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
AGAIN = 0.01  # until an interrupt that nobody could take comes again
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


def _later(seconds: float, call: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer


@contextlib.contextmanager
def on_signals(
    first: Callable[[signal.Signals], None], numbers: tuple[signal.Signals, ...] = SIGNALS
) -> Iterator[None]:
    """While this lasts, the first of these signals calls `first`, and the second ends the process at once. So does the
    first if this has not ended some seconds later: the main thread may hang in a call that no signal ends.

    What was ignored when we were started stays ignored, as `nohup` and shells want it.
    """
    timers: list[threading.Timer] = []
    swallowed: list[int] = []

    def handle(number: int, _frame: object) -> None:
        if timers and not swallowed:
            at_once()
        swallowed.clear()
        timers.append(_later(SECONDS, at_once))
        first(signal.Signals(number))

    def unraisable(args: sys.UnraisableHookArgs) -> None:
        """What `first` has raised in a callback or a destructor, Python would tell with a traceback, and go on."""
        if not isinstance(args.exc_value, KeyboardInterrupt):
            hook(args)
            return
        swallowed.append(signal.SIGINT)
        timers.append(_later(AGAIN, lambda: signal.pthread_kill(main, signal.SIGINT)))

    main, hook = threading.main_thread().ident or 0, sys.unraisablehook
    before = {number: signal.getsignal(number) for number in numbers}
    ours = [number for number in numbers if not signals.was_ignored(number)]
    for number in ours:
        signal.signal(number, handle)
    sys.unraisablehook = unraisable
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number in ours:
            signal.signal(number, before[number])
        for timer in timers:
            timer.cancel()
