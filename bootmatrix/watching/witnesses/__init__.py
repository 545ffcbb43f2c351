"""Those who look on at a process, a file for each; a new one has a line here if its limits are every process's.

Their order matters: the last one that wants to end the process is heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.watching.witnesses.console_limit import ConsoleLimit
from bootmatrix.watching.witnesses.idle import Idle
from bootmatrix.watching.witnesses.interruption import Interruption
from bootmatrix.watching.witnesses.memory import Memory
from bootmatrix.watching.witnesses.panic import Panic
from bootmatrix.watching.witnesses.starvation import Starvation
from bootmatrix.watching.witnesses.status import Status
from bootmatrix.watching.witnesses.timeout import Timeout

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from bootmatrix.watching.limits import Limits
    from bootmatrix.watching.witness import Witness


def of(limits: Limits, interruption: threading.Event) -> Iterator[Witness]:
    """Those that see to a process's limits."""
    yield Memory()
    yield Starvation()
    yield Timeout(limits.timeout, limits.waits)
    if limits.idle:
        yield Idle(limits.idle, limits.waits)
    if limits.panic:
        yield Panic(limits.panic, limits.idle, limits.cpus)
    if limits.exit_pattern:
        yield Status(limits.exit_pattern, limits.idle, limits.cpus)
    yield Interruption(interruption)
    yield ConsoleLimit(limits.size)
