"""Guests on Cloud Hypervisor, by its command line: needs KVM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Launch, Outcome, Rejected, Tender

from . import _cloud_hypervisor, _panics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SILENT = "a guest can hand over no status to Cloud Hypervisor: it has to print one"


@dataclass(frozen=True)
class Runner(model.Runner):
    """A PVH kernel or a bzImage on x86_64, an Image on aarch64."""

    version_flag: ClassVar[str] = "--version"
    hides_status: ClassVar[bool] = True
    filled: ClassVar[tuple[str, ...]] = ("initrd", "options")
    impossible: ClassVar[Mapping[str, str]] = {"silent-exit": SILENT, "silent-failure": SILENT}
    way_out: ClassVar[Mapping[str, str]] = _cloud_hypervisor.WAY_OUT

    initrd: str = ""
    """The path of an initial RAM disk, such as {files.initrd}."""
    disk: str = _cloud_hypervisor.DISK
    """More properties of each disk."""
    options: tuple[str, ...] = ()
    """More of Cloud Hypervisor's command line, one word an entry."""
    on_reset: Literal["crashed", "exited"] = "crashed"
    """What a guest that resets its machine did; a triple fault is always a crash."""
    panic: tuple[str, ...] = _panics.PANIC  # type: ignore[misc]  # an option here
    """Regular expressions of console lines that mean `panicked`."""
    prefix: str = ""
    """A folder of this host whose bin/ holds Cloud Hypervisor, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        if arch not in _cloud_hypervisor.ARCHES:
            possible = f"possible: {', '.join(_cloud_hypervisor.ARCHES)}"
            raise Rejected(f"bootmatrix has no Cloud Hypervisor for {arch}", possible)
        return Tender("cloud-hypervisor", ("kvm",), prefix=self.prefix)

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        del unikernel
        _cloud_hypervisor.check(boot, version, self.disk)

    def launch(self, boot: Boot) -> Launch:
        return _cloud_hypervisor.launch(boot, self.initrd, self.disk, self.options)

    def outcome(self, ending: Ending) -> Outcome:
        """What Cloud Hypervisor's log tells, which is on standard error."""
        found = _cloud_hypervisor.failure(ending) or _panics.told(self.panic, ending.console)
        return found or _cloud_hypervisor.said(ending, self.on_reset)
