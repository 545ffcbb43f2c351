"""Bytes from the guest: read as they come, bounded, watched by deadlines on the monotonic clock."""

from __future__ import annotations

import queue
import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix import patterns
from bootmatrix.places.place import CONSOLE, END
from bootmatrix.quantities import human_size, human_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.place import Exit, Process

TENDER_LIMIT = 1 << 20
GRACE = 3.0  # seconds that a guest has for its power-off once it has told its status
TICK = 0.1  # seconds between looks at `stop`
INTERRUPTED = "interrupted"
# ECMA-48: CSI and OSC sequences, other escapes; and what a terminal would not show.
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\^_]|[ -/][0-~])")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Stop = threading.Event


@dataclass(frozen=True)
class Limits:
    """`timeout` and `idle` in seconds, `size` in bytes; `merge` counts the tender's output as console."""

    timeout: float
    size: int
    idle: float | None = None
    merge: bool = False
    exit_pattern: str = ""


@dataclass
class Record:
    """All bytes up to a limit; `total` counts those beyond it too."""

    limit: int
    data: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, chunk: bytes) -> None:
        self.total += len(chunk)
        self.data += chunk[: max(0, self.limit - len(self.data))]

    def raw(self) -> bytes:
        return bytes(self.data)


@dataclass(frozen=True)
class Watched:
    """What was seen of a process: `exit` is None if we ended it ourselves, and then either `stopped` says why or
    `told`, that the guest had printed its status and only did not power off.
    """

    console: Record
    tender: Record
    seconds: float
    exit: Exit | None
    stopped: str = ""
    told: bool = False


def watch(
    process: Process,
    limits: Limits,
    stop: Stop,
    *,
    on_chunk: Callable[[bytes], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Watched:
    """Follow a process to its end, or end it at a limit. What we ended is never told as its own end."""
    watcher = _Watcher(limits, clock)
    reason = ""
    while not reason:
        reason = INTERRUPTED if stop.is_set() else watcher.overdue()
        if reason:
            break
        try:
            kind, chunk = process.output.get(timeout=min(TICK, watcher.patience()))
        except queue.Empty:
            continue
        if kind == END:
            break
        watcher.take(kind, chunk)
        if on_chunk and kind == CONSOLE:
            on_chunk(chunk)
        reason = watcher.too_long()
    seconds = clock() - watcher.started
    if reason:
        process.kill()
        told = reason == _TOLD
        return Watched(watcher.console, watcher.tender, seconds, None, "" if told else reason, told)
    return Watched(watcher.console, watcher.tender, seconds, process.wait())


_TOLD = "the guest told its status and did not power off"


class _Watcher:
    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.limits, self.clock = limits, clock
        self.started = self.last = clock()
        self.console, self.tender = Record(limits.size), Record(TENDER_LIMIT)
        self.told_at: float | None = None

    def take(self, kind: str, chunk: bytes) -> None:
        if kind != CONSOLE and not self.limits.merge:
            self.tender.add(chunk)
            return
        self.last = self.clock()
        before = len(self.console.data)
        self.console.add(chunk)
        if self.limits.exit_pattern and self.told_at is None and self._tells_status(before):
            self.told_at = self.last

    def _tells_status(self, before: int) -> bool:
        """The status line may cross chunks: look again from a little before this one."""
        recent = clean(bytes(self.console.data[max(0, before - 256) :]))
        return patterns.search(self.limits.exit_pattern, recent) is not None

    def overdue(self) -> str:
        now = self.clock()
        if self.told_at is not None and now - self.told_at >= GRACE:
            return _TOLD
        if now - self.started >= self.limits.timeout:
            return f"no end within {human_time(self.limits.timeout)}"
        if self.limits.idle and now - self.last >= self.limits.idle:
            return f"no console byte for {human_time(self.limits.idle)}"
        return ""

    def too_long(self) -> str:
        return (
            f"the console is longer than {human_size(self.limits.size)}"
            if self.console.total > self.limits.size
            else ""
        )

    def patience(self) -> float:
        """Seconds until the next deadline."""
        now = self.clock()
        deadlines = [self.started + self.limits.timeout]
        if self.limits.idle:
            deadlines.append(self.last + self.limits.idle)
        if self.told_at is not None:
            deadlines.append(self.told_at + GRACE)
        return max(0.001, min(deadlines) - now)


def clean(raw: bytes) -> str:
    """Console bytes as text: decoded with replacement, without ANSI codes and control characters, lines ended by \\n."""
    text = ANSI.sub("", raw.decode("utf-8", "replace"))
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
