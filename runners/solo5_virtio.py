"""Solo5's virtio target under QEMU, on x86_64."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Launch, Outcome, OutcomeKind, Probe, Rejected, Signs, Tender

from . import _arguments, _qemu, _qemu_end, _solo5_check, _solo5_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


VALUE, STATUS = "41", 83  # what the bindings write to isa-debug-exit at any end, and QEMU's status of it


@dataclass(frozen=True)
class Runner(model.Runner):
    format: ClassVar[str] = "virtio"
    version_flag: ClassVar[str] = "--version"
    hides_status: ClassVar[bool] = True
    counts: ClassVar[bool] = True
    takes_sockets: ClassVar[bool] = True
    noise: ClassVar[str] = _qemu_end.NOISE
    way_out: ClassVar[Mapping[str, str]] = _solo5_words.WAY_OUT
    impossible: ClassVar[Mapping[str, str]] = {
        **_solo5_words.IMPOSSIBLE,
        "stack-overflow": "the virtio bindings of Solo5 guard no stack: a guest that uses it up writes over itself",
    }

    accel: Literal["auto", "kvm", "tcg"] = "auto"
    """`auto` believes in KVM only after a guest has booted on it, and falls back to TCG."""
    options: tuple[str, ...] = ()
    """More of QEMU's command line, one word an entry."""
    quiet: bool = False
    """Accept that with `--solo5:quiet` nothing tells how the guest ended: only a console pattern tells a pass."""
    prefix: str = ""
    """A folder of this host whose bin/ holds QEMU, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        if arch != "x86_64":
            raise Rejected(f"Solo5's virtio target is for x86_64, not {arch}", "exclude the cell")
        return _qemu.tender(arch, self.accel, self.prefix)

    def probe(self, arch: str, accel: str) -> Probe | None:
        return _qemu.probe(arch, accel)

    def signs(self, arch: str) -> Signs:
        return _qemu.signs(arch, self.options)

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        _qemu.check_sockets(boot, version)
        if not self.quiet:
            _solo5_check.check_told(self._cmdline(boot))
        _arguments.check_path(boot)
        _solo5_check.check(unikernel, "solo5-virtio", boot, self.options, "")

    def _cmdline(self, boot: Boot) -> str:
        """What QEMU hands to the guest: the last `-append` counts."""
        given = [text for word, text in pairwise(self.options) if word in {"-append", "--append"}]
        return " ".join(boot.args) or (given[-1] if given else "")

    def launch(self, boot: Boot) -> Launch:
        disks = _qemu.disks(boot)
        return Launch(_qemu.command(boot, ("-machine", "pc,acpi=off"), disks + self.options) + _qemu.append(boot.args))

    def outcome(self, ending: Ending) -> Outcome:
        """QEMU's status is the same whatever the guest did: only the bindings' last words on the console tell."""
        if found := _qemu_end.failure(ending):
            return found
        said = _qemu_end.said(ending)
        if said.kind != OutcomeKind.EXITED:
            return said
        if not (said.detail == VALUE if said.status else said.ok or ending.status == STATUS):
            return _not_the_bindings(said)
        told = _solo5_words.told_when_quiet if self.quiet else _solo5_words.only_told
        unknown = Outcome(
            OutcomeKind.EXITED, "unknown", f"QEMU's status {ending.status}, which virtio gives at any end"
        )
        return told(ending.console) or unknown


def _not_the_bindings(said: Outcome) -> Outcome:
    """The end of a guest that wrote to isa-debug-exit itself: its own claim of success is none."""
    what = f"{said.evidence}, which is not one of the bindings' messages"
    if said.ok or said.detail == "unknown":
        return Outcome(
            OutcomeKind.EXITED, "unknown", what, disputed=f"the guest did not end through Solo5's bindings: {what}"
        )
    return Outcome(OutcomeKind.EXITED, said.detail, what)
