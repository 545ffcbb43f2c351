"""The frozen values that travel from the matrix to the reports, and the plug-ins' contracts."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence  # noqa: TC003  # pydantic reads a run's results back by these types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20

OUTCOMES = ("exited", "aborted", "crashed", "panicked", "hung", "skipped", "rejected", "broken")
VERDICTS = (
    "passed",
    "flaky",
    "failed",
    "contradicted",
    "timed out",
    "error",
    "skipped",
    "expected failure",
    "unexpected pass",
    "quarantined",
)
SEVERITY = (
    "contradicted",
    "failed",
    "timed out",
    "unexpected pass",
    "error",
    "quarantined",
    "flaky",
    "passed",
    "expected failure",
    "skipped",
)
"""The verdicts, the worst first."""
GOOD_VERDICTS = frozenset({"passed", "flaky", "skipped", "expected failure", "quarantined"})
BUILTIN = frozenset({"format", "test", "cell"})  # placeholders that are no axis and no parameter


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of each axis; `id` joins them and is the only key."""

    id: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What the guest did, in words that mean the same on every backend, and how we know.

    `exited(code)`, `aborted`, `crashed(signal)`, `panicked(line)`, `hung(reason)`, `skipped(reason)` by the guest
    itself, `rejected(reason)`: the tender refused the unikernel, `broken(reason)`: the infrastructure failed.
    """

    kind: str
    detail: str = ""
    evidence: str = ""

    def __str__(self) -> str:
        return f"{self.kind}({self.detail})" if self.detail else self.kind

    @property
    def ok(self) -> bool:
        """Whether the guest itself claims success."""
        return self.kind == "exited" and self.detail == "0"


def parse_outcome(word: str) -> Outcome:
    """`exited(3)`, `crashed` or an alias (`passed`, `failed`) as an Outcome; ValueError if it is none."""
    alias = {"passed": "exited(0)", "failed": "exited(1)"}.get(word.strip(), word.strip())
    found = re.fullmatch(r"([a-z]+)(?:\((.+)\))?", alias)
    if not found or found[1] not in OUTCOMES:
        raise ValueError(word)
    if found[1] != "exited" or not found[2]:
        return Outcome(found[1], found[2] or "")
    if not found[2].isdecimal():
        raise ValueError(word)
    return Outcome("exited", str(int(found[2])))


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


@dataclass(frozen=True)
class Boot:
    """What a runner turns into a command line: paths are those inside the place where it boots.

    `memory` in bytes; `accel` is one of the names that the runner's tender declared, or empty.
    """

    arch: str
    program: str
    unikernel: str
    args: tuple[str, ...] = ()
    memory: int = 64 * MIB
    cpus: int = 1
    accel: str = ""


@dataclass(frozen=True)
class Tender:
    """The host process that runs the guest.

    `program` is its name on PATH, or its path if it contains a slash. `accelerators` are what it can run on, the
    preferred first; empty if it needs none. `automatic` says that the next one may be tried where one is unusable.
    `in_build` is a path below the build's output, `prefix` a folder of this host, where the program is looked for
    before the image's own PATH.
    """

    program: str
    accelerators: tuple[str, ...] = ()
    automatic: bool = False
    in_build: str = ""
    prefix: str = ""


@dataclass(frozen=True)
class Probe:
    """A guest that only proves that an accelerator works: `files` by name, `argv` with `{name}` for their paths.

    The accelerator is usable if the program exits with `status` within `seconds`.
    """

    files: Mapping[str, bytes]
    argv: tuple[str, ...]
    status: int
    seconds: float = 10.0


class Rejected(Exception):
    """A runner's check: this tender cannot take this unikernel; `remedy` says what to change."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True)
class Runner(ABC):
    """One backend: turns a Boot into a command line and an Ending into an Outcome.

    A subclass is a frozen dataclass named `Runner` in `runners/<backend>.py` (with `_` for `-`); its fields are the
    backend's options, set in the matrix by a test's `runner:` key.
    """

    format: ClassVar[str] = "elf"
    """The ending of the unikernels that this backend boots, the matrix's `{format}`."""
    version_flag: ClassVar[str] = ""
    """The option with which the tender tells its version; empty: it is not asked."""
    hides_status: ClassVar[bool] = False
    """Whether the tender's exit status says nothing of the guest: `exit_codes` then mean the outcome's own code."""

    @abstractmethod
    def tender(self, arch: str) -> Tender:
        """The program for guests of `arch`; raises Rejected if this backend cannot boot that architecture."""

    @abstractmethod
    def argv(self, boot: Boot) -> tuple[str, ...]:
        """The command line; pure."""

    @abstractmethod
    def outcome(self, ending: Ending) -> Outcome:
        """What the guest did; never called when we ended the boot ourselves. Pure."""

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:  # noqa: B027  # most backends check nothing
        """Raise Rejected if the tender (its `--version` output is `version`) cannot boot this file of the host."""

    def probe(self, arch: str, accel: str) -> Probe | None:
        """A guest that proves `accel`; None if opening its device is proof enough."""
        del arch, accel
        return None


@dataclass(frozen=True)
class Case:
    """A test case that the guest itself reported on its console; `status` is passed, failed or skipped."""

    name: str
    status: str
    message: str = ""


@dataclass(frozen=True)
class Measure:
    """Something that was measured at a boot; `better` is `lower` or `higher`, empty where neither is."""

    name: str
    value: float
    unit: str = ""
    better: str = ""


@dataclass(frozen=True)
class Quarantine:
    """A test that is known not to work: it runs, but fails no run until the end of the day `until` (ISO 8601, UTC).

    `where` is the entry's place in matrix.yaml. False if the test is in none.
    """

    owner: str = ""
    reason: str = ""
    until: str = ""
    where: str = ""

    def __bool__(self) -> bool:
        return bool(self.until)

    def __str__(self) -> str:
        return f"{self.reason} ({self.owner}, until {self.until})"


@dataclass(frozen=True)
class Attempt:
    """One try. Times in seconds; `console` and `tender` are files relative to the run's folder.

    `memory` is the peak of the tender's resident memory in bytes, 0 where the place does not tell; `metrics` are the
    test's own, in the order of the matrix.
    """

    number: int
    verdict: str
    reason: str
    outcome: Outcome
    started: str
    seconds: float
    accelerator: str = ""
    accelerator_reason: str = ""
    console: str = ""
    console_bytes: int = 0
    tender: str = ""
    command: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    starved: bool = False
    """Whether it was ended at a deadline, but had waited for a processor, which its neighbours had."""
    memory: int = 0
    metrics: tuple[Measure, ...] = ()


@dataclass(frozen=True)
class Result:
    """What a test came to, after all attempts; made once.

    `key` hashes all that a pass depends on; `reused` is the run whose pass was taken again, empty if it was booted.
    `image` is the name of the place where it booted, `digest` the image's id (`sha256:…`), empty on this host. `size`
    is the unikernel's in bytes, 0 if there is none. `host` is the class of the host: what boots on one may be compared.
    """

    cell: str
    test: str
    verdict: str
    reason: str = ""
    seconds: float = 0.0
    started: str = ""
    attempts: tuple[Attempt, ...] = ()
    axes: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    unikernel: str = ""
    repro: str = ""
    infrastructure: bool = False
    key: str = ""
    reused: str = ""
    digest: str = ""
    size: int = 0
    host: str = ""
    quarantine: Quarantine = Quarantine()

    @property
    def id(self) -> str:
        return f"{self.cell}/{self.test}"

    @property
    def values(self) -> dict[str, str]:
        """The cell's values and the test's parameters: what the command line can select by, besides `test`."""
        return {key: text for key, text in self.axes.items() if key not in BUILTIN}

    @property
    def accelerator(self) -> str:
        """What the last attempt ran on, empty if its tender needs none, or if it was not booted."""
        return self.attempts[-1].accelerator if self.attempts else ""

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What the last attempt measured: time, memory and size where they are known, and the test's own metrics."""
        if not self.attempts:
            return ()
        last = self.attempts[-1]
        own = (
            Measure("boot_time", last.seconds, "s", "lower"),
            Measure("memory_peak", last.memory, "B", "lower"),
            Measure("unikernel_size", self.size, "B", "lower"),
        )
        return (*(measure for measure in own if measure.value), *last.metrics)

    @property
    def good(self) -> bool:
        return self.verdict in GOOD_VERDICTS


@dataclass(frozen=True)
class Run:
    """A whole run, as `results.json` keeps it. Times are ISO 8601 in UTC; `seconds` is wall time.

    There may be a million results: go over them, never gather them. `verdicts` says how many have each. `axes` are the
    matrix's, in its order. `commit` (in hex) and `branch` are the source's, empty where there is no git. `partial`: it
    was asked for some of the tests only.
    """

    id: str
    started: str
    seconds: float
    version: str
    command: str
    host: Mapping[str, str]
    results: Sequence[Result]
    interrupted: bool = False
    verdicts: Mapping[str, int] = field(default_factory=dict)
    axes: tuple[str, ...] = ()
    commit: str = ""
    branch: str = ""
    partial: bool = False

    def counts(self) -> dict[str, int]:
        """How many results have each verdict, in the order of VERDICTS; verdicts without any are left out."""
        tally = self.verdicts or Counter(result.verdict for result in self.results)
        return {verdict: tally[verdict] for verdict in VERDICTS if tally.get(verdict)}


class Report(ABC):
    """One format: a class named `Report` in `reports/<format>.py`, a pure function of a run on disk."""

    filename: ClassVar[str]

    @abstractmethod
    def write(self, run: Run, folder: Path, target: Path) -> None:
        """Write `run`, whose consoles lie below `folder`, to `target`."""
