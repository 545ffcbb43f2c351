"""Unikraft guests under QEMU, on x86_64 and aarch64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Launch, Outcome, OutcomeKind, Probe, Rejected, Signs, Tender

from . import _qemu, _qemu_end, _unikraft, _unikraft_line
from ._unikraft import Told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# A kernel that crashes tells QEMU's panic device (from Unikraft 0.15 on). It also writes to isa-debug-exit, more than
# once, and from QEMU 9 on any of that may win: it is left out. A restart is a power-off, too.
PANIC_DEVICE = {"x86_64": ("-device", "pvpanic"), "aarch64": ()}
DEBUG_EXIT = "isa-debug-exit"
SHARE = "fsdev=share,mount_tag=fs0"


@dataclass(frozen=True)
class Runner(model.Runner):
    """`-kernel` boots: multiboot on x86_64, Image or ELF on aarch64."""

    format: ClassVar[str] = "qemu"
    version_flag: ClassVar[str] = "--version"
    hides_status: ClassVar[bool] = True
    has_input: ClassVar[bool] = True
    counts: ClassVar[bool] = True
    takes_sockets: ClassVar[bool] = True
    panic: ClassVar[tuple[str, ...]] = _unikraft.PANIC
    filled: ClassVar[tuple[str, ...]] = ("options", "params", "initrd", "fs")
    way_out: ClassVar[Mapping[str, str]] = _unikraft.WAY_OUT

    accel: Literal["auto", "kvm", "tcg"] = "auto"
    """`auto` believes in KVM only after a guest has booted on it, and falls back to TCG."""
    machine: str = ""
    """QEMU's `-machine`; without it q35 or virt."""
    params: tuple[str, ...] = ()
    """Unikraft's library parameters, such as `netdev.ip=10.0.2.15/24`, one an entry; they come before ` -- `."""
    initrd: str = ""
    """A file that the guest has as its initial RAM disk, such as `{output}/root.cpio`."""
    fs: str = ""
    """A folder that the guest can read as the 9p share `fs0`, such as `{output}/root`."""
    nic: str = _qemu.NIC
    """The device that a guest has for each of its `nets`, with properties."""
    disk: str = _qemu.DISK
    """The device that a guest has for each of its `blocks`, with properties."""
    options: tuple[str, ...] = ()
    """More of QEMU's command line, one word an entry."""
    cmdline_max: int = _unikraft_line.LONGEST
    """The kernel's CONFIG_LIBUKBOOT_CMDLINE_MAX_LEN, in bytes."""
    args_max: int = _unikraft_line.MOST
    """The kernel's CONFIG_LIBUKBOOT_MAXNBARGS."""
    prefix: str = ""
    """A folder of this host whose bin/ holds QEMU, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        if arch not in PANIC_DEVICE:
            raise Rejected(f"Unikraft has no {arch} guests for QEMU", f"possible: {', '.join(PANIC_DEVICE)}")
        return _qemu.tender(arch, self.accel, self.prefix)

    def probe(self, arch: str, accel: str) -> Probe | None:
        return _qemu.probe(arch, accel)

    def signs(self, arch: str) -> Signs:
        """Of x86_64's firmware one only sees that it runs: the trace that tells more costs a line for each byte."""
        entry = _qemu_end.RUNS if arch == "aarch64" else None
        return Signs(_qemu_end.RUNS if arch == "x86_64" else None, entry)

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        del unikernel
        _qemu.check_sockets(boot, version)
        if any(DEBUG_EXIT in word for word in self.options):
            what = f"the options attach {DEBUG_EXIT}, to which Unikraft writes more than once: its status is chance"
            raise Rejected(what, "leave it out: QEMU's panic device and the console tell how the guest ended")
        if boot.arch == "x86_64":
            _unikraft_line.check_path(boot.unikernel)
        self._arguments(boot)

    def _arguments(self, boot: Boot) -> str:
        """QEMU itself puts the kernel's path before the arguments of a multiboot kernel."""
        named = boot.arch == "x86_64"
        name = boot.unikernel if named else _unikraft_line.quoted(boot.unikernel)
        rest = _unikraft_line.arguments(name, self.params, boot.args, self.cmdline_max, self.args_max)
        return rest if named else f"{name} {rest}".rstrip(" ")

    def launch(self, boot: Boot) -> Launch:
        flags = ("-machine", self.machine) if self.machine else _qemu.machine(boot.arch).flags
        extra = (*_qemu.disks(boot, self.disk), *self._share(), *self._initrd(boot), *self.options)
        line = self._arguments(boot)
        argv = _qemu.command(boot, flags, extra, self.nic, PANIC_DEVICE[boot.arch])
        return Launch(argv + (("-append", line) if line else ()))

    def _share(self) -> tuple[str, ...]:
        """Read-only, since it may be a build's output, which others boot, too."""
        if not self.fs:
            return ()
        folder = f"local,id=share,security_model=none,readonly=on,path={_qemu.quoted(self.fs)}"
        return ("-fsdev", folder, "-device", f"virtio-9p-pci,{SHARE}")

    def _initrd(self, boot: Boot) -> tuple[str, ...]:
        """For a multiboot kernel, commas part several."""
        return ("-initrd", _qemu.quoted(self.initrd) if boot.arch == "x86_64" else self.initrd) if self.initrd else ()

    def outcome(self, ending: Ending) -> Outcome:
        if found := _qemu_end.failure(ending):
            return found
        said = _qemu_end.said(ending)
        if ending.status and said.kind == OutcomeKind.EXITED:
            return said
        if said.kind == OutcomeKind.PANICKED:
            return _unikraft.outcome(ending.console, Told.CRASHED, "it told QEMU's panic device")
        told = Told.RESTARTED if said.kind == OutcomeKind.CRASHED else Told.ENDED
        if said.ok and PANIC_DEVICE.get(ending.arch):
            told = Told.OFF
        return _unikraft.outcome(ending.console, told, said.evidence)
