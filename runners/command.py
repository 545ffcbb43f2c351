"""Any command line, for what has no runner yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model
from bootmatrix.model import Boot, Ending, Launch, Outcome, OutcomeKind, Rejected, Tender

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Runner(model.Runner):
    filled: ClassVar[tuple[str, ...]] = ("command",)
    has_input: ClassVar[bool] = True
    impossible: ClassVar[Mapping[str, str]] = {
        "panic": "nothing is known of the words in which what a command boots panics",
        "memory": "the command line alone says how much memory there is",
        "cpus": "the command line alone says how many processors there are",
    }

    command: tuple[str, ...] = ()
    """The command line, one word an entry; a word `{args}` becomes the boot arguments."""
    format: str = "elf"  # type: ignore[misc]  # an option here: what ending the unikernels have
    """The ending of the unikernels' names, the matrix's `{format}`."""
    in_build: bool = False
    """Whether the program's path is below the build's output."""
    prefix: str = ""
    """A folder of this host whose bin/ holds the program, mounted read-only."""

    def tender(self, arch: str) -> Tender:
        del arch
        if not self.command:
            raise Rejected("the command is empty", "set runner: {command: [program, '{unikernel}', '{args}']}")
        return Tender(self.command[0], in_build=self.command[0] if self.in_build else "", prefix=self.prefix)

    def launch(self, boot: Boot) -> Launch:
        for block in boot.blocks:
            if not any(re.search(rf"{re.escape(block.path)}(?![A-Za-z0-9])", word) for word in self.command):
                what = f"the command does not name the disk '{block.name}'"
                raise Rejected(what, f"write {{blocks.{block.name}}} where its path is to be")
        return Launch((boot.program, *self.command[1:]))

    def outcome(self, ending: Ending) -> Outcome:
        if ending.out_of_memory:
            return Outcome(OutcomeKind.BROKEN, "killed for lack of memory", "the kernel's out-of-memory killer")
        if ending.signal:
            return Outcome(OutcomeKind.CRASHED, ending.signal, f"ended by {ending.signal}")
        return Outcome(OutcomeKind.EXITED, str(ending.status), f"exit status {ending.status}")
