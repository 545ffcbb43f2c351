"""What history says of a run: `trends.json` and `changes.json` beside its results, which the reports read."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # pydantic reads them back by these types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("new failure", "still failing", "worse", "flaky", "new", "gone", "fixed", "better")
"""What can be said of a test against earlier runs, what asks for attention first."""

LARGEST = 64 << 20  # bytes of a file; ours are a few MiB, those of another machine may be anything

T = TypeVar("T")


@dataclass(frozen=True)
class Night:
    """An earlier run, or this one; `started` is ISO 8601 in UTC.

    `partial`: it took only some of the tests, or was interrupted, so that what it does not have may still be there.
    """

    run: str
    started: str
    commit: str = ""
    branch: str = ""
    partial: bool = False


@dataclass(frozen=True)
class Trend:
    """A test's verdict in each night, empty where it was not run, and its measures by name, in their units.

    Only what is like this run's own (host class, accelerator, image) has values in `series`.
    """

    verdicts: tuple[str, ...]
    series: Mapping[str, tuple[float | None, ...]]


@dataclass(frozen=True)
class Trends:
    """The last runs of a branch, the oldest first and this one last, and the tests of this one by their ids."""

    nights: tuple[Night, ...]
    tests: Mapping[str, Trend]


@dataclass(frozen=True)
class Change:
    """What is to be said of a test; `kind` is one of KINDS, `detail` a line for people.

    `since` is the first run in which it was so. `rate` is how often the test was flaky or failed, with the bounds of
    its 95% interval. `worse` and `better` are of a measure: its medians before and after, in `unit`.
    """

    kind: str
    test: str
    detail: str
    since: Night | None = None
    rate: tuple[float, float, float] | None = None
    measure: str = ""
    before: float | None = None
    after: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Changes:
    """A run against the last ones of a branch, the oldest first; the changes in the order of KINDS.

    `notes` are lines for people on what the run cannot say: tests of which the infrastructure let nothing be known.
    """

    branch: str
    nights: tuple[Night, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many there are of each kind; kinds without any are left out."""
        tally = dict.fromkeys(KINDS, 0)
        for change in self.changes:
            tally[change.kind] += 1
        return {kind: count for kind, count in tally.items() if count}


def write(told: Trends | Changes, folder: Path) -> None:
    """Put it beside the results of the run in `folder`."""
    file = folder / _name(type(told))
    fresh = file.with_suffix(".new")
    fresh.write_bytes(TypeAdapter(type(told)).dump_json(told))
    fresh.replace(file)


def trends(folder: Path) -> Trends | None:
    """None where history says nothing of the run in `folder`."""
    return _read(Trends, folder)


def changes(folder: Path) -> Changes | None:
    """None where the run in `folder` was not compared with earlier ones."""
    return _read(Changes, folder)


def _read(kind: type[T], folder: Path) -> T | None:
    file = folder / _name(kind)
    try:
        if file.stat().st_size > LARGEST:
            return None
        return TypeAdapter(kind).validate_json(file.read_bytes())
    except (OSError, ValidationError):  # what history says is no part of the results
        return None


def _name(kind: type[Any]) -> str:
    return f"{kind.__name__.lower()}.json"
