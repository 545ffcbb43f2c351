"""What a test came to, and a run; and the contract of what tells it."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence  # noqa: TC003  # pydantic reads a run's results back by these types
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar

from bootmatrix.model.bounds import Name, Number, OneDeep, OneOf, Seconds, Size, Time
from bootmatrix.model.check import CheckResult  # noqa: TC001  # pydantic reads a run's results back by these types
from bootmatrix.model.growth import Growth  # noqa: TC001  # pydantic reads a run's results back by these types
from bootmatrix.model.outcome import BUILTIN, Outcome, OutcomeKind
from bootmatrix.model.pair import PairFinding  # noqa: TC001  # pydantic reads a run's results back by these types
from bootmatrix.model.phase import Phase, PhaseName
from bootmatrix.model.quarantine import Quarantine
from bootmatrix.model.verdicts import GOOD_VERDICTS, VERDICTS, Verdict

if TYPE_CHECKING:
    from pathlib import Path

TOLD = frozenset({PhaseName.FIRMWARE, PhaseName.ENTRY, PhaseName.FIRST_BYTE})
"""Phases that are measures only as such."""


class CaseStatus(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Better(StrEnum):
    """Which values of a measure are the better ones."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = ""


def improves(change: float, better: str) -> bool:
    """Whether a measure that changes so (up if above 0) becomes better; `better` is not NEITHER."""
    return (change < 0) == (better == Better.LOWER)


@dataclass(frozen=True)
class Case:
    """A test case that the guest itself reported on its console; `status` is a word of CaseStatus."""

    name: str
    status: Annotated[str, OneOf(CaseStatus)]
    message: str = ""


@dataclass(frozen=True)
class Measure:
    """Something that was measured at a boot; `better` is a word of Better."""

    name: str
    value: Number
    unit: str = ""
    better: Annotated[str, OneOf(Better)] = Better.NEITHER


@dataclass(frozen=True)
class Attempt:
    """One try. Times in seconds; `console` and `tender` are files relative to the run's folder.

    `memory` is the peak of the tender's resident memory in bytes, 0 where the place does not tell; `metrics` are the
    test's own, in the order of the matrix; `files` is what else was kept of it, as `consoles/…/1.usage.csv`.
    `ready` is when the guest was, 0 where that is not known; `checks` are what it was asked, in the matrix's order;
    `phases` are when the boot came how far, in the order of time, those that are known.
    """

    number: Size
    verdict: Annotated[Verdict, OneOf(Verdict)]
    reason: str
    outcome: Outcome
    started: Time
    seconds: Seconds
    accelerator: str = ""
    accelerator_reason: str = ""
    console: str = ""
    console_bytes: Size = 0
    tender: str = ""
    command: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    starved: bool = False
    """Whether it was ended at a deadline, but had waited for a processor, which its neighbours had; or was slower than
    its limits allow, and may have waited."""
    memory: Size = 0
    metrics: tuple[Measure, ...] = ()
    files: tuple[str, ...] = ()
    ready: Seconds = 0.0
    checks: tuple[CheckResult, ...] = ()
    growth: tuple[Growth, ...] = ()
    """How fast what has a bound grew while it was soaked."""
    phases: tuple[Phase, ...] = ()
    unjudged: tuple[str, ...] = ()
    """Of its test's limits those that could not be judged, each with its reason."""
    guests: Annotated[Mapping[Name, Attempt], OneDeep()] = field(default_factory=dict)
    """Of a test of several guests, what became of each; all else tells of that which decides, or of all together."""

    @property
    def boots(self) -> tuple[Attempt, ...]:
        """What was booted: the guests, if it had several, or the one."""
        return tuple(self.guests.values()) or (self,)

    @property
    def broken(self) -> bool:
        """Whether the infrastructure ended it, so that it says nothing of the guest."""
        return self.outcome.kind == OutcomeKind.BROKEN


def measured(attempt: Attempt, size: int = 0) -> tuple[Measure, ...]:
    """What an attempt measured where it is known, and the test's own metrics; `size` is its unikernel's in bytes."""
    own = (
        ("boot_time", attempt.seconds, "s"),
        *((f"{each.name}_time", each.at, "s") for each in attempt.phases if each.name in TOLD),
        ("ready_time", attempt.ready, "s"),
        ("memory_peak", attempt.memory, "B"),
        ("unikernel_size", size, "B"),
    )
    return (*(Measure(name, value, unit, Better.LOWER) for name, value, unit in own if value), *attempt.metrics)


@dataclass(frozen=True)
class Result:
    """What a test came to, after all attempts; made once.

    `key` hashes all that a pass depends on; `reused` is the run whose pass was reused, empty if it was booted.
    `image` is the name of the place where it booted, `digest` the image's id (`sha256:…`), empty on this host. `size`
    is the unikernel's in bytes, 0 if there is none. `host` is the class of the host: what boots on one may be compared.
    `pairs` are its measures held against those of its partner, where they booted in turn: then the attempt is the last
    of these boots, and `seconds` those of all of them.
    `repro` is the command that repeats it; `where` the test's place in matrix.yaml (`ci/matrix.yaml:12:3`, from the top
    of its repository), empty where that is not known. `labels` are what the matrix wants to be told of it besides.
    """

    cell: Name
    test: Name
    verdict: Annotated[Verdict, OneOf(Verdict)]
    reason: str = ""
    seconds: Seconds = 0.0
    started: Time = ""
    attempts: tuple[Attempt, ...] = ()
    axes: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    unikernel: str = ""
    repro: str = ""
    infrastructure: bool = False
    key: str = ""
    reused: str = ""
    digest: str = ""
    size: Size = 0
    host: str = ""
    quarantine: Quarantine = field(default=Quarantine())
    where: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[PairFinding, ...] = ()

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
        return measured(self.attempts[-1], self.size) if self.attempts else ()

    @property
    def good(self) -> bool:
        return self.verdict in GOOD_VERDICTS


@dataclass(frozen=True)
class Run:
    """A whole run, as `results.json` keeps it. Times are ISO 8601 in UTC; `seconds` is wall time.

    There may be a million results: go over them, never gather them. `verdicts` says how many have each. `axes` are the
    matrix's, in its order. `commit` (in hex) and `branch` are the source's, empty where there is no git. `partial`: it
    was asked for some of the tests only. `merged`: it was made of the parts of several machines.
    """

    id: Name
    started: Time
    seconds: Seconds
    version: str
    command: str
    host: Mapping[str, str]
    results: Sequence[Result]
    interrupted: bool = False
    verdicts: Mapping[str, Size] = field(default_factory=dict)
    axes: tuple[str, ...] = ()
    commit: str = ""
    branch: str = ""
    partial: bool = False
    merged: bool = False

    def counts(self) -> dict[Verdict, int]:
        """How many results have each verdict, in the order of VERDICTS; verdicts without any are left out."""
        tally = self.verdicts or Counter(result.verdict for result in self.results)
        return {verdict: tally[verdict] for verdict in VERDICTS if tally.get(verdict)}


def repro(test: str, options: Sequence[str] = ()) -> str:
    """The command that repeats a test, as a line for a shell; `options` are those that it was run with."""
    return shlex.join(["bootmatrix", "repro", test, *options])


class Report(ABC):
    """One format: a class named `Report` in `reports/<format>.py`, a pure function of a run on disk."""

    filename: ClassVar[str]
    shows: ClassVar[tuple[str, ...]] = ()
    """What it shows of history: `trends`, `changes`, or both. After those have changed it is written again."""

    @abstractmethod
    def write(self, run: Run, folder: Path, target: Path) -> None:
        """Write `run`, whose consoles lie below `folder`, to `target`."""
