"""Domains of Xen, by xl: on a host whose control domain bootmatrix runs in, or in a box."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Launch, Outcome, OutcomeKind, Tender

from . import _panics, _xen, _xen_end

if TYPE_CHECKING:
    from collections.abc import Mapping

# Source: xen/arch/x86/hvm/hvm.c, hvm_hlt
HALTED = "as it does, too, where a guest has only halted its processors with their interrupts off"

SILENT = "a guest can hand over no status to Xen: it has to print one"


@dataclass(frozen=True)
class Runner(model.Runner):
    """PVH guests enter by Xen's PHYS32_ENTRY note, PV guests as Xen's own."""

    hides_status: ClassVar[bool] = True
    filled: ClassVar[tuple[str, ...]] = ("config",)
    impossible: ClassVar[Mapping[str, str]] = {
        "silent-exit": SILENT,
        "silent-failure": SILENT,
    }
    way_out: ClassVar[Mapping[str, str]] = {"": "does it ask Xen for a shutdown (SCHEDOP_shutdown)?"}

    type: Literal["pvh", "pv"] = "pvh"
    """How the guest is virtualized."""
    config: tuple[str, ...] = ()
    """More settings of xl's configuration (xl.cfg), each `key=value`."""
    on_reset: Literal["crashed", "exited"] = "crashed"
    """What a guest that reboots did: a triple fault looks the same from outside."""
    panic: tuple[str, ...] = ("Kernel panic",)  # type: ignore[misc]  # an option here
    """Regular expressions of console lines that mean `panicked`."""
    prefix: str = ""
    """A folder of this host whose bin/ holds xl, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        return _xen.tender(arch, self.prefix)

    def launch(self, boot: Boot) -> Launch:
        return _xen.launch(boot, self.type, self.config)

    def outcome(self, ending: Ending) -> Outcome:
        """Xen's reason for the domain's end, as xl tells it."""
        if found := _xen_end.failure(ending) or _panics.told(self.panic, ending.console):
            return found
        said = _xen_end.said(ending)
        if said.ok and self.type == "pvh":
            return replace(said, detail="unknown", evidence=f"{said.evidence}, {HALTED}")
        if said.detail == "reset" and self.on_reset == "exited":
            return Outcome(OutcomeKind.EXITED, "0", "the domain rebooted, which the matrix takes as an exit")
        return said
