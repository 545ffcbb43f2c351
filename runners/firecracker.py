"""Guests on Firecracker, by its configuration file: needs KVM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Launch, Outcome, Probe, Rejected, Tender

from . import _firecracker, _firecracker_end, _panics

if TYPE_CHECKING:
    from collections.abc import Mapping

SILENT = "a guest can hand over no status to Firecracker: it has to print one"


@dataclass(frozen=True)
class Runner(model.Runner):
    """An ELF kernel (Linux's boot protocol or PVH) on x86_64, an Image on aarch64."""

    version_flag: ClassVar[str] = "--version"
    hides_status: ClassVar[bool] = True
    filled: ClassVar[tuple[str, ...]] = ("initrd", "options")
    impossible: ClassVar[Mapping[str, str]] = {"silent-exit": SILENT, "silent-failure": SILENT}
    way_out: ClassVar[Mapping[str, str]] = _firecracker.WAY_OUT

    initrd: str = ""
    """The path of an initial RAM disk, such as {files.initrd}."""
    options: tuple[str, ...] = ()
    """More of Firecracker's command line, one word an entry."""
    on_reset: Literal["unknown", "exited", "crashed"] = "unknown"
    """What a guest that resets its machine did: on x86_64 there is no other way out."""
    panic: tuple[str, ...] = _panics.PANIC  # type: ignore[misc]  # an option here
    """Regular expressions of console lines that mean `panicked`."""
    prefix: str = ""
    """A folder of this host whose bin/ holds Firecracker, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        if arch not in _firecracker.ARCHES:
            raise Rejected(f"Firecracker does not boot {arch}", f"possible: {_firecracker.POSSIBLE}")
        return Tender("firecracker", ("kvm",), prefix=self.prefix)

    def probe(self, arch: str, accel: str) -> Probe | None:
        return _firecracker.probe(arch, accel)

    def launch(self, boot: Boot) -> Launch:
        return _firecracker.launch(boot, " ".join(boot.args), self.initrd, self.options)

    def outcome(self, ending: Ending) -> Outcome:
        """What Firecracker's log tells, and its status where that is not the one of any end."""
        found = _firecracker_end.failure(ending) or _panics.told(self.panic, ending.console)
        return found or _firecracker_end.said(ending, self.on_reset)
