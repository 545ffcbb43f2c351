"""What Solo5's tenders and bindings print, and what their runners make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from bootmatrix import plugins
from bootmatrix.model import Ending, Runner

ROOT = Path(__file__).parents[2]
BANNER = "            |      ___|\nSolo5: Bindings version v0.12.1\n"
FATAL = "Solo5: ABORT: cpu_x86_64.c:182: Fatal trap\n"
TRAP = f"Solo5: trap: type=#UD ec=0x0 rip=0x103cf0 rsp=0x3ffffc8 rflags=0x10002\n{FATAL}"
FAULT = f"Solo5: trap: type=#PF ec=0x2 rip=0x104022\nSolo5: trap: cr2=0x400000000\n{FATAL}"
DUMP = "".join(f"\t x{n:02} ~ x{n + 3:02}: 0x0000000000000000 0x0000000000000000 0x1 0x2\n" for n in range(0, 32, 4))
ARM = f"Solo5: Trap: EL1 Synchronous Abort caught\nSolo5: Dump registers:\n\t ESR    : 0x0\n{DUMP}{FATAL}".replace(
    "cpu_x86_64", "cpu_aarch64"
)
RAN = "runstate_set current_run_state 6 (prelaunch) new_state 9 (running)\n"
STOPPED = "runstate_set current_run_state 9 (running) new_state 11 (shutdown)\n"
CRASHED = "crashed(#UD)"
Backend = Literal["hvt", "spt", "virtio"]


def make(backend: Backend, **options: object) -> Runner:
    return plugins.make_runner(f"solo5-{backend}", options, ROOT / "docs")


def outcome(backend: Backend, status: int | None, console: str = "", tender: str = "", signal: str = "") -> str:
    seen = Ending(status, signal, console=BANNER + console, tender=tender, arch="x86_64")
    return str(make(backend).outcome(seen))


def wrote(value: int) -> str:
    return f"memory_region_ops_write cpu 0 mr 0x5 addr 0x501 value {value:#x} size 2 name 'isa-debug-exit'\n"


def called(status: int) -> str:
    return f"Hello from bootmatrix\nSUCCESS\nSolo5: solo5_exit({status}) called\n"
