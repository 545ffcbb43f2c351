"""Unikraft guests on Firecracker: needs KVM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Launch, Outcome, OutcomeKind, Probe, Rejected, Tender

from . import _firecracker, _firecracker_end, _unikraft, _unikraft_line
from ._unikraft import Told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NO_ARGUMENT = '""'  # which Unikraft drops


@dataclass(frozen=True)
class Runner(model.Runner):
    """Unikraft's Firecracker platform, by Linux's boot protocol: ELF on x86_64, Image on aarch64."""

    format: ClassVar[str] = "fc"
    version_flag: ClassVar[str] = "--version"
    hides_status: ClassVar[bool] = True
    panic: ClassVar[tuple[str, ...]] = _unikraft.PANIC
    filled: ClassVar[tuple[str, ...]] = ("options", "params", "initrd")
    way_out: ClassVar[Mapping[str, str]] = _unikraft.WAY_OUT

    params: tuple[str, ...] = ()
    """Unikraft's library parameters, such as `netdev.ip=10.0.2.15/24`, one an entry; they come before ` -- `."""
    initrd: str = ""
    """A file that the guest has as its initial RAM disk, such as `{output}/root.cpio`."""
    options: tuple[str, ...] = ()
    """More of Firecracker's command line, one word an entry."""
    cmdline_max: int = _unikraft_line.LONGEST
    """The kernel's CONFIG_LIBUKBOOT_CMDLINE_MAX_LEN, in bytes."""
    args_max: int = _unikraft_line.MOST
    """The kernel's CONFIG_LIBUKBOOT_MAXNBARGS."""
    prefix: str = ""
    """A folder of this host whose bin/ holds Firecracker, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        if arch not in _firecracker.ARCHES:
            raise Rejected(f"Unikraft has no {arch} guests for Firecracker", f"possible: {_firecracker.POSSIBLE}")
        return Tender("firecracker", ("kvm",), prefix=self.prefix)

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        del unikernel, version
        self._line(boot)

    def _line(self, boot: Boot) -> str:
        """Its first word is the program's name. On x86_64 Firecracker tells a guest's devices by parameters before the
        ` -- `, and Unikraft reads parameters only where there is one, with a word after it.
        """
        name = _unikraft_line.quoted(boot.unikernel)
        rest = _unikraft_line.arguments(name, self.params, boot.args, self.cmdline_max, self.args_max)
        if (boot.blocks or boot.interfaces) and not self.params:
            rest = f"-- {rest}"
        if not boot.args and rest:
            rest = f"{rest.rstrip(' ')} {NO_ARGUMENT}"
        return f"{name} {rest}".rstrip(" ")

    def probe(self, arch: str, accel: str) -> Probe | None:
        return _firecracker.probe(arch, accel)

    def launch(self, boot: Boot) -> Launch:
        return _firecracker.launch(boot, self._line(boot), self.initrd, self.options)

    def outcome(self, ending: Ending) -> Outcome:
        """A guest resets its machine at any end: its kernel's messages tell which."""
        if found := _firecracker_end.failure(ending):
            return found
        said = _firecracker_end.said(ending, "unknown")
        if said.kind == OutcomeKind.BROKEN and ending.status is not None:
            return said
        told = Told.CRASHED if said.kind == OutcomeKind.CRASHED else Told.ENDED
        return _unikraft.outcome(ending.console, told, said.evidence)
