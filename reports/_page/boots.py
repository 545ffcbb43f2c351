"""The single boots of a test that booted in turn with its partner, as the page draws them behind its intervals."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from bootmatrix import paired

from . import usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.model import Result

NAME = ".pair.csv"
MOST = 240  # boots of a test that are drawn, of both sides
DIGITS = 4  # of a value: a dot is wider than a thousandth


class Boot(NamedTuple):
    """`own`: of the test itself, not of the one it is held against. `values` are those of the measures, in order; NaN
    of one that the boot does not have.
    """

    number: int
    block: int
    own: bool
    values: tuple[float, ...]


def drawn(folder: Path, result: Result) -> dict[str, Any] | None:
    """Of each boot that counts its `number`, its `block`, whether it is the test's `own`, and in `of` the values of
    each measure, in the order of the test's pairs. None where they are not known. `folder` is the run's, resolved.
    """
    names = [each.name for each in result.pairs if each.name]
    if not names or not result.attempts:
        return None
    base, value = result.pairs[0].base, result.pairs[0].value
    try:
        text = usage.text(folder, result.attempts[-1].files, NAME)
        found = _some(list(_boots(text, base, value, names)))
    except (ValueError, KeyError, csv.Error):
        return None
    if not found:
        return None
    return {
        "number": [each.number for each in found],
        "block": [each.block for each in found],
        "own": [int(each.own) for each in found],
        "of": [[_short(each.values[at]) for each in found] for at in range(len(names))],
    }


def _boots(text: str, base: str, value: str, names: Sequence[str]) -> Iterator[Boot]:
    """Raises ValueError, KeyError or csv.Error if the file is not as we write it."""
    for row in csv.DictReader(text.splitlines(keepends=True)):
        if row["counts"] == "yes" and row["value"] in {base, value}:
            values = tuple(float(row[paired.column(name)] or "nan") for name in names)
            yield Boot(int(row["boot"]), int(row["block"]), row["value"] == value, values)


def _some(found: Sequence[Boot]) -> Sequence[Boot]:
    """Whole blocks, spread evenly, so that no more boots are left than are drawn."""
    blocks = sorted({each.block for each in found})
    step = math.ceil(len(found) / MOST) or 1
    kept = set(blocks[::step])
    return [each for each in found if each.block in kept]


def _short(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
