"""Solo5's hardware-virtualized tender: needs a KVM that works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model
from bootmatrix.model import MIB, Boot, Ending, Outcome, Tender

from . import _solo5

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Runner(model.Runner):
    format: ClassVar[str] = "hvt"
    version_flag: ClassVar[str] = "--version"

    options: tuple[str, ...] = ()
    """More of the tender's command line, such as `--block:NAME=FILE`."""
    tender_in_build: str = ""
    """The tender's path below the build's output: the one that was just built."""
    prefix: str = ""
    """A folder of this host whose bin/ holds the tender, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        _solo5.native(arch, "solo5-hvt")
        return Tender("solo5-hvt", ("kvm",), in_build=self.tender_in_build, prefix=self.prefix)

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        del boot
        _solo5.check(unikernel, "solo5-hvt", self.options, version)

    def argv(self, boot: Boot) -> tuple[str, ...]:
        return (
            boot.program,
            f"--mem={-(-boot.memory // MIB)}",
            *self.options,
            "--",
            boot.unikernel,
            *boot.args,
        )

    def outcome(self, ending: Ending) -> Outcome:
        """Hvt passes `solo5_exit`'s status on; 255 with ABORT is an abort or a trap; a signal is no guest's."""
        return _solo5.outcome(ending, "solo5-hvt")
