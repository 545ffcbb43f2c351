"""Bare-metal guests under QEMU, on x86_64, aarch64 and riscv64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Launch, Outcome, OutcomeKind, Probe, Signs, Tender

from . import _arguments, _panics, _qemu, _qemu_end

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Runner(model.Runner):
    """`-kernel` boots: PVH or multiboot on x86_64, ELF or Image on aarch64 and riscv64."""

    version_flag: ClassVar[str] = "--version"
    has_input: ClassVar[bool] = True
    counts: ClassVar[bool] = True
    takes_sockets: ClassVar[bool] = True
    noise: ClassVar[str] = _qemu_end.NOISE
    way_out: ClassVar[Mapping[str, str]] = _qemu.WAY_OUT

    accel: Literal["auto", "kvm", "tcg"] = "auto"
    """`auto` believes in KVM only after a guest has booted on it, and falls back to TCG."""
    machine: str = ""
    """QEMU's `-machine`; without it q35 or virt."""
    nic: str = _qemu.NIC
    """The device that a guest has for each of its `nets`, such as `e1000` or `virtio-net-device`, with properties."""
    disk: str = _qemu.DISK
    """The device that a guest has for each of its `blocks`, such as `virtio-blk-device`, with properties."""
    options: tuple[str, ...] = ()
    """More of QEMU's command line, one word an entry."""
    on_reset: Literal["crashed", "exited"] = "crashed"
    """What a guest that resets its machine did: a triple fault looks the same from outside."""
    panic: tuple[str, ...] = _panics.PANIC  # type: ignore[misc]  # an option here
    """Regular expressions of console lines that mean `panicked`."""
    prefix: str = ""
    """A folder of this host whose bin/ holds QEMU, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        return _qemu.tender(arch, self.accel, self.prefix)

    def probe(self, arch: str, accel: str) -> Probe | None:
        return _qemu.probe(arch, accel)

    def signs(self, arch: str) -> Signs:
        return _qemu.signs(arch, (self.machine, *self.options))

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        _qemu.check_sockets(boot, version)
        _arguments.check(unikernel, boot)

    def launch(self, boot: Boot) -> Launch:
        flags = ("-machine", self.machine) if self.machine else _qemu.machine(boot.arch).flags
        disks = _qemu.disks(boot, self.disk)
        return Launch(_qemu.command(boot, flags, disks + self.options, self.nic) + _qemu.append(boot.args))

    def outcome(self, ending: Ending) -> Outcome:
        """What QEMU's trace tells: the guest's own value, a power-off, a reset."""
        if found := _qemu_end.failure(ending) or _panics.told(self.panic, ending.console):
            return found
        said = _qemu_end.said(ending)
        if said.detail == "reset" and self.on_reset == "exited":
            return Outcome(OutcomeKind.EXITED, "0", "the machine reset itself, which the matrix takes as an exit")
        return said
