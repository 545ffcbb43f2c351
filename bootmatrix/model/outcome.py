"""What was booted, how that ended as seen from outside, and what the guest did."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping  # noqa: TC003  # pydantic reads a run's results back by these types
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from bootmatrix.model.bounds import OneOf


class OutcomeKind(StrEnum):
    EXITED = "exited"
    ABORTED = "aborted"
    CRASHED = "crashed"
    PANICKED = "panicked"
    HUNG = "hung"
    STOPPED = "stopped"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    BROKEN = "broken"


OUTCOMES = tuple(OutcomeKind)
TOO_SLOW = "its limits of time"
"""The evidence of an outcome of a boot that is tried again since it passed, but was slower than its limits allow."""
BUILTIN = frozenset({"format", "test", "cell"})  # placeholders that are no axis and no parameter
NOT_THE_GUESTS = frozenset({OutcomeKind.REJECTED, OutcomeKind.BROKEN})
"""What a guest has no part in."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of each axis; `id` joins them and is the only key."""

    id: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What the guest did, in words that mean the same on every backend, and how we know.

    `exited(code)`, `aborted`, `crashed(signal)`, `panicked(line)`, `hung(reason)`, `stopped` by us when nothing more
    was asked of it, `skipped(reason)` by the guest itself, `rejected(reason)`: the tender refused the unikernel,
    `broken(reason)`: the infrastructure failed.

    A code is the guest's own number. Where the tender's status may be another, `status` names it in full, as in `QEMU's
    status 33`, and it is this number that `exit_codes` mean. `disputed` says what speaks against the outcome: such a
    one never passes.
    """

    kind: Annotated[str, OneOf(OutcomeKind)]
    """A word of OutcomeKind: a runner may give it as a text, and what is read back is a member."""
    detail: str = ""
    evidence: str = ""
    status: str = ""
    disputed: str = ""

    def __str__(self) -> str:
        return f"{self.kind}({self.detail})" if self.detail else self.kind

    @property
    def number(self) -> int | None:
        """The tender's status, where it is another number than the code."""
        return int(self.status.rpartition(" ")[2]) if self.status else None

    @property
    def ok(self) -> bool:
        """Whether the guest itself claims success."""
        return self.kind == OutcomeKind.EXITED and self.detail == "0"


def parse_outcome(word: str) -> Outcome:
    """`exited(3)`, `crashed` or an alias (`passed`, `failed`) as an Outcome; ValueError if it is none."""
    alias = {"passed": "exited(0)", "failed": "exited(1)"}.get(word.strip(), word.strip())
    found = re.fullmatch(r"([a-z]+)(?:\((.+)\))?", alias)
    if not found:
        raise ValueError(word)
    kind = OutcomeKind(found[1])
    if kind != OutcomeKind.EXITED or not found[2]:
        return Outcome(kind, found[2] or "")
    if not (found[2].isascii() and found[2].isdecimal()):
        raise ValueError(word)
    return Outcome(kind, str(int(found[2])))


@dataclass(frozen=True)
class Ending:
    """How a boot ended, as seen from outside: the raw material of an Outcome.

    `status` is the tender's exit status, None if a signal ended it or we did. `stopped` says why we ended the boot
    ourselves, and is empty if we did not. `console` is the guest's output, `tender` the host process's own messages
    (its standard error), which a guest cannot write; both decoded, without ANSI codes, lines ended by a newline.
    """

    status: int | None = None
    signal: str = ""
    stopped: str = ""
    console: str = ""
    tender: str = ""
    out_of_memory: bool = False
    arch: str = ""

    @property
    def shown(self) -> int | None:
        """The status as a shell shows it: 128 and its number for a signal, whose name may be `SIG35`."""
        if not self.signal:
            return self.status
        known = getattr(signal.Signals, self.signal, None)
        return 128 + (known.value if known else int(self.signal.removeprefix("SIG")))
