"""Writes and reads `trends.json` and `changes.json` beside a run's results, which the reports use."""

from __future__ import annotations

import functools
from collections.abc import Mapping  # noqa: TC003  # pydantic reads them back by these types
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from bootmatrix import files
from bootmatrix.counting.part import Part  # noqa: TC001  # pydantic reads it back
from bootmatrix.model.bounds import OneOf

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 64 << 20  # bytes of a file; ours are a few MiB, those of another machine may be anything


class ChangeKind(StrEnum):
    """What can be said of a test against earlier runs, what asks for attention first."""

    NEW_FAILURE = "new failure"
    STILL_FAILING = "still failing"
    WORSE = "worse"
    DIFFERENCE = "difference"
    FLAKY = "flaky"
    UNDECIDED = "undecided"
    NEW = "new"
    GONE = "gone"
    FIXED = "fixed"
    BETTER = "better"
    NO_DIFFERENCE = "no difference"


KINDS = tuple(ChangeKind)


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
    series: Mapping[str, tuple[FiniteFloat | None, ...]]


@dataclass(frozen=True)
class Trends:
    """The last runs of a branch, the oldest first and this one last, and the tests of this one by their ids."""

    nights: tuple[Night, ...]
    tests: Mapping[str, Trend]

    def has_all_nights_of(self, trend: Trend) -> bool:
        """Whether each night has a value in it, and no other."""
        return all(len(values) == len(self.nights) for values in (trend.verdicts, *trend.series.values()))


@dataclass(frozen=True)
class Change:
    """What is to be said of a test; `detail` is a line for people.

    `since` is the first run in which it was so. `rate` is how often the test was flaky or failed, with the bounds of
    its 95% interval. `worse` and `better` are of a measure: its medians before and after, in `unit`;
    `functions` are those in which a count changed, as far as that is known.
    """

    kind: Annotated[ChangeKind, OneOf(ChangeKind)]
    test: str
    detail: str
    since: Night | None = None
    rate: tuple[FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    measure: str = ""
    before: FiniteFloat | None = None
    after: FiniteFloat | None = None
    unit: str = ""
    functions: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Changes:
    """A run against the last ones of a branch, the oldest first; the changes in the order of KINDS.

    `notes` are lines for people on what the run cannot say: tests of which the infrastructure let nothing be known.
    """

    branch: str
    nights: tuple[Night, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[ChangeKind, int]:
        """How many there are of each kind; kinds without any are left out."""
        tally = dict.fromkeys(KINDS, 0)
        for change in self.changes:
            tally[change.kind] += 1
        return {kind: count for kind, count in tally.items() if count}


def write(found: Trends | Changes, folder: Path) -> None:
    """Put it beside the results of the run in `folder`; OSError if it cannot be written."""
    kind: Any = type(found)  # a class is hashable, which mypy does not see
    files.write(folder / _name(kind), _codec(kind).dump_json(found))


def trends(folder: Path) -> Trends | None:
    """None where history says nothing of the run in `folder`."""
    found: Trends | None = _read(Trends, folder)
    return found if found and all(map(found.has_all_nights_of, found.tests.values())) else None


def changes(folder: Path) -> Changes | None:
    """None where the run in `folder` was not compared with earlier ones."""
    found: Changes | None = _read(Changes, folder)
    return found


def _read(kind: Any, folder: Path) -> Any:
    try:
        text = files.read(folder / _name(kind), LARGEST)
        return _codec(kind).validate_json(text)
    except (OSError, ValidationError):  # what history says is no part of the results
        return None


@functools.cache
def _codec(kind: type[Any]) -> TypeAdapter[Any]:
    """Each report asks for what history says, and to make this takes longer than to read it."""
    return TypeAdapter(kind)


def _name(kind: type[Any]) -> str:
    return f"{kind.__name__.lower()}.json"
