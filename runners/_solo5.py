"""The Solo5 tenders that run a guest's code on this machine's own processor: hvt and spt."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model
from bootmatrix.model import MIB, Boot, Ending, Launch, Outcome, Rejected, Sign, Signs, Tender

from . import _solo5_check, _solo5_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BANNER = Sign(r"^ {12}\|      ___\|")  # bindings/*/start.c
SPACE = "Solo5's tenders take no path with a blank"


@dataclass(frozen=True)
class Native(model.Runner):
    """`program` is the tender, `faults` are the signals by which a guest's own fault ends it."""

    version_flag: ClassVar[str] = "--version"
    program: ClassVar[str]
    accelerators: ClassVar[tuple[str, ...]] = ()
    faults: ClassVar[frozenset[str]] = frozenset()
    way_out: ClassVar[Mapping[str, str]] = _solo5_words.WAY_OUT
    impossible: ClassVar[Mapping[str, str]] = _solo5_words.IMPOSSIBLE

    options: tuple[str, ...] = ()
    """More of the tender's command line, one word an entry."""
    tender_in_build: str = ""
    """The tender's path below the build's output: the one that was just built."""
    prefix: str = ""
    """A folder of this host whose bin/ holds the tender, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        if arch != platform.machine():
            what = f"{self.program} boots {platform.machine()} guests here, not {arch}"
            raise Rejected(what, "exclude the cell, or run it on such a host")
        return Tender(self.program, self.accelerators, in_build=self.tender_in_build, prefix=self.prefix)

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:
        _solo5_check.check(unikernel, self.program, boot, self.options, version)

    def launch(self, boot: Boot) -> Launch:
        memory = f"--mem={-(-boot.memory // MIB)}"
        devices = (*_nets(boot), *_disks(boot))
        return Launch((boot.program, memory, *devices, *self.options, "--", boot.unikernel, *boot.args))

    def signs(self, arch: str) -> Signs:
        """There is no firmware, and the bindings print their banner first; not with `--solo5:quiet`."""
        del arch
        return Signs(entry=BANNER)

    def outcome(self, ending: Ending) -> Outcome:
        """The tender passes `solo5_exit`'s status on; 255 with ABORT is an abort or a trap."""
        return _solo5_words.outcome(ending, self.program, self.faults)


def _nets(boot: Boot) -> Iterator[str]:
    """A tap for each interface, by its name in the guest's manifest."""
    for each in boot.interfaces:
        yield f"--net:{each.name}={each.device}"
        yield f"--net-mac:{each.name}={each.mac}"


def _disks(boot: Boot) -> Iterator[str]:
    """Raises Rejected for a path that the tenders would not take whole: they read it up to the first blank."""
    for block in boot.blocks:
        if any(char.isspace() for char in block.path):
            raise Rejected(
                f"the disk '{block.name}' would be at '{block.path}', but {SPACE}",
                "use a folder for temporary files (TMPDIR) and a cache (BOOTMATRIX_CACHE) without blanks",
            )
        yield f"--block:{block.name}={block.path}"
        if block.sector != _solo5_check.SECTOR:
            yield f"--block-sector-size:{block.name}={block.sector}"
