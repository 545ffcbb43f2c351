"""Cells: their ids, their values, and what matches them. Pure."""

from __future__ import annotations

import fnmatch
import itertools
import math
import platform
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from bootmatrix.model import Cell

    Values = dict[str, str]
    Globs = Mapping[str, Collection[str]]

MAX_CELLS = 1_000_000
FEW = 1000  # combinations of parameters that are kept
IMPLICIT = {"compiler": "gcc", "os": "debian-12", "arch": platform.machine(), "backend": "qemu"}
"""What a cell is on where the matrix has no such axis; never part of an id."""

GLOB = re.compile(r"[*?\[]")
UNSAFE = re.compile(r"[^A-Za-z0-9._+-]")
LEADING = re.compile(r"^[.-]")


def value(cell: Cell, axis: str) -> str:
    """The cell's value on an axis, or the one that is implied; empty if there is none."""
    return cell.values.get(axis, IMPLICIT.get(axis, ""))


def slug(text: str) -> str:
    """A text as a part of an id: safe in a path, a shell and a URL."""
    return UNSAFE.sub("_", text) or "_"


def cell_id(values: Values) -> str:
    """The values, joined; never one that reads as a hidden file, a parent folder or an option."""
    return LEADING.sub("_", "-".join(map(slug, values.values())))


def matches(values: Mapping[str, str], match: Globs) -> bool:
    """Whether every key of `match` has a glob that fits the value; a key that the cell lacks never fits."""
    return all(key in values and fits(values[key], globs) for key, globs in match.items())


def fits(text: str, globs: Iterable[str]) -> bool:
    return any(text == glob or (GLOB.search(glob) and fnmatch.fnmatchcase(text, glob)) for glob in globs)


def fitting(globs: Collection[str], choices: Iterable[str]) -> list[str]:
    """The choices that fit any of the globs."""
    plain = frozenset(globs)
    patterns = [re.compile(fnmatch.translate(glob)).match for glob in globs if GLOB.search(glob)]
    return [text for text in choices if text in plain or any(fit(text) for fit in patterns)]


def unmatched(globs: Sequence[str], choices: Sequence[str]) -> Iterator[str]:
    """The globs that fit none of the choices."""
    known = frozenset(choices)
    return (glob for glob in globs if glob not in known and not _fits_any(glob, choices))


def _fits_any(glob: str, choices: Iterable[str]) -> bool:
    return GLOB.search(glob) is not None and any(map(re.compile(fnmatch.translate(glob)).match, choices))


def count(axes: Mapping[str, Sequence[str]]) -> int:
    return math.prod(map(len, axes.values()))


def shown(values: Mapping[str, str]) -> str:
    """`{arch: x86_64, backend: qemu}`, as it would be written in matrix.yaml."""
    return "{" + ", ".join(f"{key}: {text}" for key, text in values.items()) + "}"


@dataclass(frozen=True)
class _Spread:
    params: Mapping[str, Sequence[str]]

    def __iter__(self) -> Iterator[Values]:
        return (dict(zip(self.params, texts, strict=True)) for texts in itertools.product(*self.params.values()))


def spread_params(params: Mapping[str, Sequence[str]]) -> Iterable[Values]:
    """Every combination of a test's parameters, one empty one if it has none; to be gone over for each cell."""
    every = _Spread(params)
    return tuple(every) if count(params) <= FEW else every


def test_id(name: str, params: Mapping[str, str]) -> str:
    """`stack`, or `stack@depth=10,smp=2`."""
    return name + ("@" + ",".join(f"{key}={slug(text)}" for key, text in params.items()) if params else "")
