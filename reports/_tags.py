"""What each number is tagged with in a database of measures: its test, the axes, commit, branch and class of host.

The names are the same in InfluxDB and in Prometheus, so they are made of what both take: letters, digits and `_`. An
axis is called as in the matrix, with `_` for all else; one that would be taken for something of ours, or of theirs, has
`axis_` before it.
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.model import PairVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bootmatrix.model import PairFinding, Result, Run

LONGEST = 200  # characters of a value: databases keep an index of all of them
DIGEST = 8  # characters of what tells changed texts apart
OF_RUNS = frozenset({"branch", "commit", "run", "version"})
OF_TESTS = frozenset({"accelerator", "axis", "base", "cell", "host", "measure", "test", "unit"})
OF_PAIRS = ("before", "after", "change", "low", "high")
FIELDS = frozenset({"attempts", "boots", "good", "number", "seconds", "value", "verdict", *OF_PAIRS})
THEIRS = frozenset({"job", "instance", "time", "le", "quantile"})  # which Prometheus and InfluxDB set themselves
TAKEN = OF_RUNS | OF_TESTS | FIELDS | THEIRS
NUMBERS = {
    "passed": 0,
    "flaky": 1,
    "undecided": 2,
    "quarantined": 3,
    "expected failure": 4,
    "skipped": 5,
    "error": 10,
    "unexpected pass": 11,
    "timed out": 12,
    "failed": 13,
    "contradicted": 14,
}
"""A verdict where there can only be a number: the worse, the higher. None may change, years of nights are kept."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 8 * 10**15  # microseconds since then, in 2223: databases count nanoseconds in 63 bits


def of_run(run: Run) -> dict[str, str]:
    """What all that was measured in a run has in common; without what is empty."""
    return filled({"branch": run.branch, "commit": run.commit})


def of(common: Mapping[str, str], result: Result) -> dict[str, str]:
    """Those of a test; `common` are its run's."""
    own = {"cell": result.cell, "test": result.test, "host": result.host, "accelerator": result.accelerator}
    values = result.values
    return {**common, **filled(own), **filled(dict(zip(_names(tuple(values)), values.values(), strict=True)))}


def filled(values: Mapping[str, str]) -> dict[str, str]:
    """Without what is empty."""
    return {name: shown for name, value in values.items() if (shown := text(value))}


def measures(result: Result) -> Mapping[tuple[str, str], float]:
    """What was measured of a test, by name and unit; of several that are called the same the last. A pass that was
    reused was measured in another run, and a starved boot takes longer than it does.
    """
    if result.reused or any(attempt.starved for attempt in result.attempts):
        return {}
    found = ((text(each.name), text(each.unit), each.value) for each in result.measures)
    return {(name, unit): float(value) for name, unit, value in found if name and math.isfinite(value)}


def pairs(result: Result) -> Iterator[tuple[PairFinding, Mapping[str, str], Mapping[str, float]]]:
    """What came of boots in turn where an interval is known, of each measure once: with its tags, and its OF_PAIRS."""
    found = {} if result.reused else {text(each.name): each for each in result.pairs if each.name}
    for name, each in found.items():
        numbers = {key: float(getattr(each, key)) for key in OF_PAIRS}
        if each.verdict != PairVerdict.UNKNOWN and all(map(math.isfinite, numbers.values())):
            yield each, filled({"axis": each.axis, "base": each.base, "measure": name, "unit": each.unit}), numbers


@functools.lru_cache(4096)  # measures, axes and cells are the same again and again
def text(value: str) -> str:
    """One visible line; one that had to be changed for that ends in a digest, so that no two texts become the same."""
    return value if value.isprintable() and len(value) <= LONGEST else changed(value, texts.line(value, LONGEST))


def changed(value: str, shown: str) -> str:
    """What is shown of a value that cannot be told as it is."""
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST]
    return f"{shown[: LONGEST - DIGEST - 1]}~{digest}"


@functools.lru_cache(1024)
def _names(axes: tuple[str, ...]) -> tuple[str, ...]:
    """What axes are called, each differently."""
    found: list[str] = []
    for axis in axes:
        name = re.sub(r"[^A-Za-z0-9_]", "_", axis[:LONGEST])
        if name in TAKEN or not name[:1].isalpha():
            name = f"axis_{name}"
        found.append(_free(name, found))
    return tuple(found)


def _free(name: str, taken: Iterable[str]) -> str:
    fresh, number = name, 1
    while fresh in taken:
        number += 1
        fresh = f"{name}_{number}"
    return fresh


def microseconds(*times: str) -> int | None:
    """The first of these times (ISO 8601) that is one, since 1970; None if none is."""
    for each in times:
        try:
            found = (datetime.fromisoformat(each) - EPOCH) // timedelta(microseconds=1)
        except (ValueError, TypeError, OverflowError):
            continue
        if 0 <= found <= LATEST:
            return found
    return None
