"""Any command line, for what has no runner yet."""

from __future__ import annotations

from dataclasses import dataclass

from bootmatrix import model
from bootmatrix.model import MIB, Boot, Ending, Launch, Outcome, OutcomeKind, Rejected, Tender


@dataclass(frozen=True)
class Runner(model.Runner):
    """Fills in `{unikernel}`, `{memory}` (MiB), `{cpus}` and `{arch}`; a word `{args}` becomes the boot arguments."""

    command: tuple[str, ...] = ()
    """The command line, one word an entry."""
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
        values = {
            "unikernel": boot.unikernel,
            "memory": str(-(-boot.memory // MIB)),
            "cpus": str(boot.cpus),
            "arch": boot.arch,
        }
        words: list[str] = [boot.program]
        for word in self.command[1:]:
            words += boot.args if word == "{args}" else [_fill(word, values)]
        return Launch(tuple(words))

    def outcome(self, ending: Ending) -> Outcome:
        if ending.out_of_memory:
            return Outcome(OutcomeKind.BROKEN, "killed for lack of memory", "the kernel's out-of-memory killer")
        if ending.signal:
            return Outcome(OutcomeKind.CRASHED, ending.signal, f"ended by {ending.signal}")
        return Outcome(OutcomeKind.EXITED, str(ending.status), f"exit status {ending.status}")


def _fill(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(f"{{{name}}}", value)
    return word
