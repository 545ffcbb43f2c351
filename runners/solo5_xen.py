"""Solo5's Xen target: PVH guests, by xl."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Launch, Outcome, OutcomeKind, Tender

from . import _solo5_check, _solo5_words, _xen, _xen_end

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Runner(model.Runner):
    format: ClassVar[str] = "xen"
    hides_status: ClassVar[bool] = True
    filled: ClassVar[tuple[str, ...]] = ("config",)
    impossible: ClassVar[Mapping[str, str]] = {
        **_solo5_words.IMPOSSIBLE,
        "network": _solo5_check.NO_DEVICES,
        "disk": _solo5_check.NO_DEVICES,
    }
    way_out: ClassVar[Mapping[str, str]] = _solo5_words.WAY_OUT

    config: tuple[str, ...] = ()
    """More settings of xl's configuration (xl.cfg), each `key=value`."""
    quiet: bool = False
    """Accept that with `--solo5:quiet` nothing tells one exit from another: only a console pattern tells a pass."""
    prefix: str = ""
    """A folder of this host whose bin/ holds xl, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        return _xen.tender(arch, self.prefix)

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        del version
        if not self.quiet:
            _solo5_check.check_told(" ".join(boot.args))
        _solo5_check.check_xen(unikernel)
        _solo5_check.check_size(boot)

    def launch(self, boot: Boot) -> Launch:
        return _xen.launch(boot, "pvh", self.config)

    def outcome(self, ending: Ending) -> Outcome:
        """The bindings' last words have the status, and Xen's reason tells whether they are true: a poweroff at any
        exit but `solo5_exit(255)`, which is a crash to Xen as an abort is.
        """
        if found := _xen_end.failure(ending):
            return found
        by_xen = _xen_end.said(ending)
        told = (_solo5_words.told_when_quiet if self.quiet else _solo5_words.only_told)(ending.console)
        if told and _xen_end.reason(ending) == _reason_of(told):
            return told
        if by_xen.ok:
            by_xen = replace(by_xen, detail="unknown", evidence=f"{by_xen.evidence}, as at any exit")
        if told:
            return replace(by_xen, disputed=f"the console reports {told} ({told.evidence}), but {by_xen.evidence}")
        return by_xen


def _reason_of(told: Outcome) -> int:
    """Xen's reason for a domain's end that the bindings tell so (bindings/xen/platform.c)."""
    exits = told.kind == OutcomeKind.EXITED and told.detail != str(_solo5_words.ABORT_STATUS)
    return _xen_end.POWEROFF if exits else _xen_end.CRASH
