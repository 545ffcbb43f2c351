"""Guests of ours, booted for real without bootmatrix, and their consoles."""

from __future__ import annotations

import contextlib
import selectors
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SOURCE = Path(__file__).parents[2] / "unikernels"
NAMES = ("net", "http", "echo-client", "router", "disk", "memory")
PATIENCE = 60  # seconds: much, since a busy machine is no guest's fault
CROSS = {"x86_64": "", "aarch64": "aarch64-linux-gnu-", "riscv64": "riscv64-linux-gnu-"}
MACHINES = {
    "x86_64": ("-machine", "q35", "-device", "isa-debug-exit"),
    "aarch64": ("-machine", "virt", "-cpu", "max"),
    "riscv64": ("-machine", "virt"),
}


def build(arch: str, out: Path, *endings: str) -> Path:
    """The folder with those unikernels for an architecture; skipped where there is no compiler for it."""
    cross = CROSS[arch]
    if missing := [name for name in ("make", f"{cross}gcc", f"{cross}ld") if not shutil.which(name)]:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    tools = [f"CC={cross}gcc", f"LD={cross}ld", f"OBJCOPY={cross}objcopy"]
    make = ["make", "-s", "-j2", "-f", str(SOURCE / "Makefile"), f"OUT={out}", f"ARCH={arch}", *tools]
    subprocess.run([*make, *(str(out / f"{name}.{ending}") for name in NAMES for ending in endings)], check=True)
    return out


def qemu(arch: str, unikernel: Path, args: str, *options: str) -> list[str]:
    """As our runner starts it; `options` are its devices."""
    return [
        f"qemu-system-{arch}",
        *MACHINES[arch],
        *("-accel", "tcg", "-m", "64M", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"),
        *options,
        *("-kernel", str(unikernel), "-append", args),
    ]


class Guest:
    """A guest that runs; what it writes is read only while someone waits for it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.console = b""
        self.pid = process.pid

    def says(self, text: str) -> str:
        """Waits until its console shows the text; a guest that ends before, or is silent for long, fails the test."""
        pipe = self._process.stdout
        assert pipe is not None
        end = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while text.encode() not in self.console:
                ready = selector.select(max(0.0, end - time.monotonic()))
                chunk = pipe.read1(65536) if ready else b""  # type: ignore[attr-defined]  # it is buffered
                assert chunk, f"no {text!r} in {self.console.decode(errors='replace')!r}"
                self.console += chunk
        return self.console.decode(errors="replace")

    def ends(self) -> tuple[int, str]:
        """Its tender's status and all of its console."""
        output, _none = self._process.communicate(timeout=PATIENCE)
        self.console += output
        return self._process.returncode, self.console.decode(errors="replace")


@contextlib.contextmanager
def booted(
    argv: Sequence[str], start: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen, **options: object
) -> Iterator[Guest]:
    """The guest, killed at the latest when that leaves. `start` makes the process, perhaps elsewhere."""
    process = start(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    try:
        yield Guest(process)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
