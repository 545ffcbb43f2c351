"""Runs whose boots tell which functions they executed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.counting import tables
from bootmatrix.model import Attempt, Outcome, OutcomeKind, Result, Run, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STARTED = "2026-11-23T23:06:15.123Z"
Rows = list[tuple[str, str, int, int]]  # function, file, line, whether it was executed


def run(folder: Path, boots: Mapping[str, Rows | bytes | None], axes: tuple[str, ...] = ("arch", "backend")) -> Run:
    """`boots` are what became of `ARCH-BACKEND/TEST`."""
    results = []
    for name, rows in boots.items():
        cell, test = name.split("/")
        file = f"consoles/{cell}/{test}/1.coverage.csv"
        if rows is not None:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(rows if isinstance(rows, bytes) else tables.written(tables.COVERED, rows))
        outcome = Outcome(OutcomeKind.EXITED, "0")
        attempt = Attempt(1, Verdict.PASSED, "x", outcome, STARTED, 1.0, files=() if rows is None else (file,))
        values = dict(zip(("arch", "backend"), cell.split("-"), strict=True))
        results.append(Result(cell, test, Verdict.PASSED, attempts=(attempt,), axes=values))
    return Run("1", STARTED, 3.0, "0", "run", {}, tuple(results), axes=axes)


ALL = {
    "arm-qemu/a": [("main", "a.c", 3, 1), ("trap", "t.c", 9, 0), ("fdt", "f.c", 1, 1), ("psci", "p.c", 1, 1)],
    "x86-qemu/a": [("main", "a.c", 3, 1), ("trap", "t.c", 9, 0), ("fdt", "f.c", 1, 0)],
    "x86-virtio/a": [("main", "a.c", 3, 1), ("trap", "t.c", 9, 0), ("fdt", "f.c", 1, 0)],
    "x86-virtio/b": [("main", "b.c", 7, 1), ("trap", "t.c", 9, 0)],
    "x86-virtio/c": None,
    "arm-virtio/a": [("fdt", "f.c", 1, 1)],
}
