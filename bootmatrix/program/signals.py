"""The signals of child processes: as a program expects them, whatever the parent of bootmatrix has set.

A signal that is ignored stays so in every child, and a guest that ends itself by it would run on. A handler is not
handed on: so what was ignored when we began gets one that does nothing.
"""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# nohup ignores SIGHUP, and a shell without job control SIGINT and SIGQUIT in the background. Not SIGTTOU and SIGTTIN:
# with a handler, the terminal would send them for ever. SIGPIPE and SIGXFSZ are Python's, and children get them back.
OURS = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
)
_ignored: set[signal.Signals] = set()


def prepare() -> None:
    """Called once, first, by the main thread. With SIGCHLD ignored the kernel forgets how a child ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _ignored.update(number for number in OURS if signal.getsignal(number) is signal.SIG_IGN)
    for number in _ignored:
        signal.signal(number, _nothing)


def _nothing(_number: int, _frame: object) -> None:
    """What an ignored signal does."""


def was_ignored(number: signal.Signals) -> bool:
    """Whether whoever started us wanted this signal to do nothing."""
    return number in _ignored


@contextlib.contextmanager
def handed_on() -> Iterator[None]:
    """For a program that shall ignore what we were told to: a package manager under nohup. In the main thread."""
    for number in _ignored:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number in _ignored:
            signal.signal(number, _nothing)
