"""Bare-metal guests under QEMU, on x86_64, aarch64 and riscv64."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from bootmatrix import model, patterns
from bootmatrix.model import Boot, Ending, Outcome, Probe, Tender

from . import _qemu, _qemu_end

LONGEST = 200  # characters of a panic's line that are passed on
STAMP = re.compile(r"^\s*\[ *\d+\.\d+\]\s*")
ADDRESS = re.compile(r"\b0x0*[1-9a-f][0-9a-f]{3,}\b", re.IGNORECASE)  # what is smaller is a code


@dataclass(frozen=True)
class Runner(model.Runner):
    """`-kernel` boots: PVH or multiboot on x86_64, ELF or Image on aarch64 and riscv64."""

    version_flag: ClassVar[str] = "--version"
    noise: ClassVar[str] = _qemu_end.NOISE

    accel: Literal["auto", "kvm", "tcg"] = "auto"
    """`auto` believes in KVM only after a guest has booted on it, and falls back to TCG."""
    machine: str = ""
    """QEMU's `-machine`; without it q35 or virt."""
    options: tuple[str, ...] = ()
    """More of QEMU's command line, one word an entry."""
    on_reset: Literal["crashed", "exited"] = "crashed"
    """What a guest that resets its machine did: a triple fault looks the same from outside."""
    panic: tuple[str, ...] = ("Kernel panic",)
    """Regular expressions of console lines that mean `panicked`."""
    prefix: str = ""
    """A folder of this host whose bin/ holds QEMU, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        return Tender(
            _qemu.machine(arch).program,
            _qemu.accelerators(self.accel),
            self.accel == "auto",
            prefix=self.prefix,
        )

    def probe(self, arch: str, accel: str) -> Probe | None:
        return _qemu.probe(arch, accel)

    def argv(self, boot: Boot) -> tuple[str, ...]:
        flags = ("-machine", self.machine) if self.machine else _qemu.machine(boot.arch).flags
        return _qemu.command(boot, flags, self.options) + _qemu.append(boot.args)

    def outcome(self, ending: Ending) -> Outcome:
        """What QEMU's trace tells: the guest's own value, a power-off, a reset."""
        if found := _qemu_end.failure(ending) or self._panic(ending.console):
            return found
        said = _qemu_end.said(ending)
        if said.detail == "reset" and self.on_reset == "exited":
            return Outcome("exited", "0", "the machine reset itself, which the matrix takes as an exit")
        return said

    def _panic(self, console: str) -> Outcome | None:
        for pattern in self.panic:
            if found := patterns.search(pattern, console):
                start = console.rfind("\n", 0, found.start()) + 1
                line = console[max(start, found.start() - LONGEST) : found.start() + LONGEST].partition("\n")[0]
                return Outcome("panicked", _steady(line), f"'{line.strip()[:LONGEST]}' on the console")
        return None


def _steady(line: str) -> str:
    """A panic's line without its time stamp and addresses, so that two builds give the same."""
    return ADDRESS.sub("0x…", STAMP.sub("", line)).strip()[:LONGEST]
