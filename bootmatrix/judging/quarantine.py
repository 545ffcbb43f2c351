"""What a test in quarantine comes to: told as it is, but no reason for the run to fail, until its day is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix.matrix import cells
from bootmatrix.model import GOOD_VERDICTS, Quarantine, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.model import Cell, Result

NONE = Quarantine()


def of(matrix: Matrix, cell: Cell, name: str, params: Mapping[str, str]) -> Quarantine:
    """The matrix's entry for a test on a cell: the first that matches."""
    if not matrix.quarantine:
        return NONE
    values = {**cells.IMPLICIT, **cell.values, **params, "test": name}
    return next((kept for match, kept in matrix.quarantine if cells.matches(values, match)), NONE)


def applied(result: Result, entry: Quarantine, today: date) -> Result:
    """The result under the quarantine that the matrix has for its test now, if any; `today` is in UTC."""
    result = replace(result, quarantine=entry)
    if not entry or result.verdict == Verdict.SKIPPED:
        return result
    if is_over(entry, today):
        return _overdue(result, entry)
    if result.verdict in GOOD_VERDICTS - {Verdict.FLAKY} or result.infrastructure:
        return result
    return replace(result, verdict=Verdict.QUARANTINED, reason=f"{entry}: {result.verdict}: {result.reason}")


def is_over(entry: Quarantine, today: date) -> bool:
    return bool(entry) and today.isoformat() > entry.until


def told(entry: Quarantine) -> str:
    """That it is over, and what to do."""
    return f"{entry.where}: the quarantine of {entry.owner} ended on {entry.until}: remove it, or give it another day"


def _overdue(result: Result, entry: Quarantine) -> Result:
    """Fails loudly, even where all is well again: else nobody would look."""
    if result.verdict in GOOD_VERDICTS:
        said = f"{told(entry)}\n    the test itself: {result.verdict}: {result.reason}"
        return replace(result, verdict=Verdict.ERROR, reason=said)
    return replace(result, reason=f"{result.reason}\n    {told(entry)}")
