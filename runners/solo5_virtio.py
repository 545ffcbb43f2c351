"""Solo5's virtio target under QEMU, on x86_64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Outcome, Probe, Rejected, Tender

from . import _qemu, _solo5_file, _solo5_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


ENDS = frozenset({0, 2, 83})  # QEMU's statuses when the bindings end the machine, whatever the guest did


@dataclass(frozen=True)
class Runner(model.Runner):
    format: ClassVar[str] = "virtio"
    version_flag: ClassVar[str] = "--version"
    hides_status: ClassVar[bool] = True
    way_out: ClassVar[Mapping[str, str]] = _solo5_words.WAY_OUT

    accel: Literal["auto", "kvm", "tcg"] = "auto"
    """`auto` believes in KVM only after a guest has booted on it, and falls back to TCG."""
    options: tuple[str, ...] = ()
    """More of QEMU's command line, one word an entry."""
    prefix: str = ""
    """A folder of this host whose bin/ holds QEMU, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        if arch != "x86_64":
            raise Rejected(f"Solo5's virtio target is for x86_64, not {arch}", "exclude the cell")
        return Tender(
            _qemu.machine(arch).program,
            _qemu.accelerators(self.accel),
            self.accel == "auto",
            prefix=self.prefix,
        )

    def probe(self, arch: str, accel: str) -> Probe | None:
        return _qemu.probe(arch, accel)

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        del boot, version
        _solo5_file.check(unikernel, "solo5-virtio", self.options, "")

    def argv(self, boot: Boot) -> tuple[str, ...]:
        return _qemu.command(boot, ("-machine", "pc,acpi=off"), self.options) + _qemu.append(boot.args)

    def outcome(self, ending: Ending) -> Outcome:
        """QEMU's status is the same whatever the guest did: only the bindings' last words on the console tell."""
        if found := _qemu.failure(ending) or _qemu.stopped_itself(ending):
            return found
        if ending.status not in ENDS:
            status = _qemu.status(ending)
            return Outcome("exited", str(status), f"QEMU's exit status {status}, which is not the bindings'")
        unknown = Outcome("exited", "unknown", f"QEMU's exit status {ending.status}, which virtio gives at any end")
        return _solo5_words.last_words(ending.console) or _solo5_words.failure_told(ending.console) or unknown
