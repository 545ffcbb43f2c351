"""Bare-metal guests under QEMU, on x86_64, aarch64 and riscv64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from bootmatrix import model, patterns
from bootmatrix.model import Boot, Ending, Outcome, Probe, Tender

from . import _qemu

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 200  # characters of a panic's line that are passed on


@dataclass(frozen=True)
class Runner(model.Runner):
    """`-kernel` boots: PVH or multiboot on x86_64, ELF or Image on aarch64 and riscv64."""

    version_flag: ClassVar[str] = "--version"
    way_out: ClassVar[Mapping[str, str]] = _qemu.WAY_OUT

    accel: Literal["auto", "kvm", "tcg"] = "auto"
    """`auto` believes in KVM only after a guest has booted on it, and falls back to TCG."""
    machine: str = ""
    """QEMU's `-machine`; without it q35 or virt."""
    options: tuple[str, ...] = ()
    """More of QEMU's command line, one word an entry."""
    on_reset: Literal["crashed", "exited"] = "crashed"
    """What a guest that resets its machine did: a triple fault looks the same from outside."""
    panic: tuple[str, ...] = ("Kernel panic",)  # type: ignore[misc]  # an option here
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
        """A status is the guest's own value; 0 is a power-off or a reset, and QEMU's trace tells which."""
        if found := _qemu.failure(ending) or self._panic(ending.console):
            return found
        if status := _qemu.status(ending):
            return Outcome("exited", str(_qemu.value(ending)), f"QEMU's exit status {status}")
        ended = _qemu.stopped_itself(ending)
        if ended and ended.detail == "reset" and self.on_reset == "exited":
            return Outcome("exited", "0", "the machine reset itself, which the matrix takes as an exit")
        return ended or Outcome("exited", "0", "the guest powered off")

    def _panic(self, console: str) -> Outcome | None:
        for pattern in self.panic:
            if found := patterns.search(pattern, console):
                start = console.rfind("\n", 0, found.start()) + 1
                line = console[max(start, found.start() - LONGEST) : found.start() + LONGEST].partition("\n")[0]
                return Outcome("panicked", line.strip()[:LONGEST], "console")
        return None
