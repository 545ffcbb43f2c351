"""Applies the quarantine: a bad verdict is reported, but fails no run until the last day is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.matrix.expanding import cells
from bootmatrix.model import GOOD_VERDICTS, Quarantine, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.model import Cell

NONE = Quarantine()


def of(matrix: Matrix, cell: Cell, name: str, params: Mapping[str, str]) -> Quarantine:
    """The matrix's entry for a test on a cell: the first that matches."""
    if not matrix.quarantine:
        return NONE
    values = {**cells.IMPLICIT, **cell.values, **params, "test": name}
    return next((kept for match, kept in matrix.quarantine if cells.matches(values, match)), NONE)


def judged(
    entry: Quarantine, today: date, verdict: Verdict, reason: str, *, infrastructure: bool
) -> tuple[Verdict, str]:
    """What becomes of a verdict and its reason under the quarantine that the matrix has for the test now, if any;
    `today` is in UTC.
    """
    if not entry or verdict == Verdict.SKIPPED:
        return verdict, reason
    if is_over(entry, today):
        return _overdue(entry, verdict, reason)
    if verdict in GOOD_VERDICTS - {Verdict.FLAKY} or infrastructure:
        return verdict, reason
    return Verdict.QUARANTINED, f"{entry}: {verdict}: {reason}"


def is_over(entry: Quarantine, today: date) -> bool:
    return bool(entry) and today.isoformat() > entry.until


def told(entry: Quarantine) -> str:
    """That it is over, and what to do."""
    return f"{entry.where}: the quarantine (owner: {entry.owner}) ended on {entry.until}: remove it, or extend it"


def _overdue(entry: Quarantine, verdict: Verdict, reason: str) -> tuple[Verdict, str]:
    """Fails loudly, even where all is well again: else nobody would look."""
    if verdict in GOOD_VERDICTS:
        return Verdict.ERROR, f"{told(entry)}\n    the test itself: {verdict}: {reason}"
    return verdict, f"{reason}\n    {told(entry)}"
