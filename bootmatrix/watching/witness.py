"""The contract of a witness: it looks on while a process runs, may say why to end it, and tells what it has found."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bootmatrix.model import CheckResult, Measure, Phase
    from bootmatrix.places.namespace import Namespace
    from bootmatrix.places.place import Exit, Process
    from bootmatrix.places.strain import Strain
    from bootmatrix.texts import Record
    from bootmatrix.watching.stop import Stop


@dataclass(frozen=True)
class Moment:
    """What all witnesses know when they look: `now`, in seconds on a clock that stands still with us; `silent`, how
    long no console byte has come; the `console` so far; `stop`, what a witness before this one wants to end it for.
    """

    now: float
    silent: float
    console: Record
    stop: Stop | None = None


@dataclass(frozen=True)
class Ending:
    """How it came to the end: the process is still there if `stop` says that we end it, and `exit` is then None."""

    exit: Exit | None
    stop: Stop | None


@dataclass(frozen=True)
class Series:
    """Values over time: each with the seconds since the boot began. `of` says what memory is of, as a Growth does."""

    points: Sequence[tuple[float, float]]
    of: str = ""


@dataclass(frozen=True)
class Findings:
    """What a witness adds to what is known of a boot. `memory` in bytes, 0 if it is not known; `strain` is that of the
    last `strained` seconds, of the whole boot if that is not said; `files` are kept beside the console, by the ends of
    their names (`usage.csv`), and so is what `evidence` makes where the boot did not pass.

    `complaints` are sentences that speak against a pass; so are `undone`, of what could not be asked any more, but not
    against a guest that skipped itself. `overtime` says what only came since a starved boot had more time. `checks`
    were made of the guest from outside, `metrics` are what was measured besides, `ready` is after how many seconds the
    guest was ready, `phases` are when the boot came how far; `series` are values over time, by name. `soaked` is when a
    soak began, in seconds too.
    """

    memory: int = 0
    strain: Strain | None = None
    strained: float | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    evidence: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    overtime: tuple[str, ...] = ()
    ready: float | None = None
    checks: tuple[CheckResult, ...] = ()
    metrics: tuple[Measure, ...] = ()
    series: Mapping[str, Series] = field(default_factory=dict)
    soaked: float | None = None
    phases: tuple[Phase, ...] = ()

    def __or__(self, other: Findings) -> Findings:
        """Both; of two that tell the same the second, and of two strains that of a part."""
        if other is NOTHING or self is NOTHING:
            return self if other is NOTHING else other
        strained = next((each for each in (other, self) if each.strained), other if other.strain else self)
        return Findings(
            memory=other.memory or self.memory,
            strain=strained.strain,
            strained=strained.strained,
            files={**self.files, **other.files},
            evidence={**self.evidence, **other.evidence},
            complaints=(*self.complaints, *other.complaints),
            undone=(*self.undone, *other.undone),
            overtime=(*self.overtime, *other.overtime),
            ready=self.ready if other.ready is None else other.ready,
            checks=(*self.checks, *other.checks),
            metrics=(*self.metrics, *other.metrics),
            series={**self.series, **other.series},
            soaked=self.soaked if other.soaked is None else other.soaked,
            phases=(*self.phases, *other.phases),
        )


NOTHING = Findings()  # as most witnesses of most boots find


class Witness:
    """Looks on at one process, from its beginning to its end. Whatever it does, it does at once: all others wait."""

    def laid(self, namespace: Namespace) -> None:
        """The process is about to run; its networks are there. Not called for a process that has none."""

    def began(self, process: Process, now: float) -> None:
        """The process runs since `now`."""

    def saw(self, stream: str, chunk: bytes) -> None:
        """It has printed this on CONSOLE or TENDER."""

    def tick(self, moment: Moment) -> Stop | None:
        """Why to end it now; asked at least ten times a second. The last witness that wants to end it is heard."""

    def due(self, moment: Moment) -> float:
        """When to ask again at the latest, if nothing is printed until then."""
        del moment
        return math.inf

    def ended(self, ending: Ending) -> Findings:
        """What was found; asked once, before a process is killed that has not ended itself."""
        del ending
        return NOTHING

    def abandoned(self) -> None:
        """Watching itself failed: nothing is asked any more, and what was begun for it is to be ended."""
