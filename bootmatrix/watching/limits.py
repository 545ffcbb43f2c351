"""What a process may do until it is ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Limits:
    """`timeout` and `idle` in seconds, `size` in bytes, of which the first `kept` are kept, or all. `merge` counts the
    tender's output as console, of which the lines that fit `noise` are not kept. `exit_pattern` and `panic` are regular
    expressions of what a guest prints before it does no more. While it `waits`, since nothing more is asked of it but
    to be there for others, it cannot be late. `cpus` is how many processors it can use.
    """

    timeout: float
    size: int
    idle: float | None = None
    merge: bool = False
    exit_pattern: str = ""
    noise: str = ""
    panic: tuple[str, ...] = ()
    kept: int | None = None
    waits: Callable[[], bool] = bool
    cpus: int = 1
