"""Which functions the boots of a run executed, for the page: those that none did, and those that few did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix.counting import coverage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bootmatrix.counting.coverage import Function
    from bootmatrix.model import Run

MOST = 500  # functions of a kind that are named
KINDS = 20


def plain(run: Run, folder: Path) -> dict[str, Any] | None:
    """`kinds`, each with an axis and its value (both empty: no boot), how many functions, and some of them. None
    if no boot tells.
    """
    found = coverage.of(run, folder)
    if not found.boots:
        return None
    kinds = [("", "", never)] if (never := found.never()) else []
    kinds += found.alone(run.axes)
    return {
        "boots": found.boots,
        "left": found.left,
        "known": len(found.functions),
        "executed": found.executed,
        "kinds": [_kind(*kind) for kind in kinds[:KINDS]],
    }


def _kind(axis: str, value: str, functions: Sequence[Function]) -> dict[str, Any]:
    named = [[each.name, each.file, each.line] for each in functions[:MOST]]
    return {"axis": axis, "value": value, "count": len(functions), "functions": named}
