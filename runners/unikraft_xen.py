"""Unikraft guests on Xen: paravirtualized domains of x86_64."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model

from . import _unikraft, _unikraft_line, _xen, _xen_end
from ._unikraft import Told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.model import Boot, Ending, Launch, Outcome, Tender

TOLD = {0: Told.OFF, 1: Told.RESTARTED, 3: Told.CRASHED}  # by Xen's reason code


@dataclass(frozen=True)
class Runner(model.Runner):
    format: ClassVar[str] = "xen"
    hides_status: ClassVar[bool] = True
    panic: ClassVar[tuple[str, ...]] = _unikraft.PANIC
    filled: ClassVar[tuple[str, ...]] = ("params", "config")
    way_out: ClassVar[Mapping[str, str]] = _unikraft.WAY_OUT

    params: tuple[str, ...] = ()
    """Unikraft's library parameters, such as `netdev.ip=10.0.2.15/24`, one an entry; they come before ` -- `."""
    config: tuple[str, ...] = ()
    """More settings of xl's configuration (xl.cfg), each `key=value`."""
    cmdline_max: int = _unikraft_line.LONGEST
    """The kernel's CONFIG_LIBUKBOOT_CMDLINE_MAX_LEN, in bytes."""
    args_max: int = _unikraft_line.MOST
    """The kernel's CONFIG_LIBUKBOOT_MAXNBARGS."""
    prefix: str = ""
    """A folder of this host whose bin/ holds xl, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        return _xen.tender(arch, self.prefix)

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        del unikernel, version
        self.launch(boot)

    def launch(self, boot: Boot) -> Launch:
        """Unikraft takes the first word of a domain's command line for the program's name."""
        name = _unikraft_line.quoted(boot.unikernel)
        rest = _unikraft_line.arguments(name, self.params, boot.args, self.cmdline_max, self.args_max)
        return _xen.launch(replace(boot, args=(f"{name} {rest}".rstrip(" "),)), "pv", self.config)

    def outcome(self, ending: Ending) -> Outcome:
        """Xen tells a crash and a restart, the console what main returned. An `exit(N)` of all but 0 and 1 is a
        crash to Xen, too (plat/xen/shutdown.c).
        """
        if found := _xen_end.failure(ending):
            return found
        said, reason = _xen_end.said(ending), _xen_end.reason(ending)
        if reason is not None and reason not in TOLD:
            return said
        told = TOLD[reason] if reason is not None else Told.ENDED
        return _unikraft.outcome(ending.console, told, said.evidence, others_crash=True)
