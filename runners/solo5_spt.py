"""Solo5's sandboxed-process tender: needs no KVM; what the guest does wrong ends the tender by a signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from . import _solo5


@dataclass(frozen=True)
class Runner(_solo5.Native):
    format: ClassVar[str] = "spt"
    program: ClassVar[str] = "solo5-spt"
    # A trap, or a system call that is forbidden; other signals come from outside.
    faults: ClassVar[frozenset[str]] = frozenset({"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS"})
