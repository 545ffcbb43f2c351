"""What a run's relative limits are held against: the history is asked once, and only where a test has such a limit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bootmatrix.errors import BootmatrixError
from bootmatrix.history import NO_HISTORY
from bootmatrix.judging import budgets
from bootmatrix.matrix.keys import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.judging.budgets import Earlier
    from bootmatrix.model import Measure
    from bootmatrix.planning.plan import Plan

    Asking = Callable[[str, str, str, Measure], Earlier]


def of(plan: Plan, branch: str, history: str, note: Callable[[str], None]) -> Asking:
    """What is asked for each of its measures; a history that cannot be read is noted, and nothing is known then."""
    wanted = _wanted(plan)
    if not wanted or (history or os.environ.get("BOOTMATRIX_HISTORY")) == NO_HISTORY:
        return budgets.nothing
    from bootmatrix.history import baselines, database  # noqa: PLC0415  # SQLAlchemy takes 0.2 s

    try:
        with database.opened(plan.root, history, len(wanted), note) as past:
            return baselines.read(past, branch, wanted).earlier
    except (BootmatrixError, OSError) as error:
        note(f"limits against earlier runs are not judged, since the history cannot be read: {error}")
        return baselines.Baselines(why="the history cannot be read").earlier


def _wanted(plan: Plan) -> dict[str, frozenset[str]]:
    """The measures whose limits are relative, by the ids of the tests."""
    found = ((step.id, step.template.limits) for step in plan.boots if step.template.limits)
    named = ((test, frozenset(n for n, text in given.items() if limits.is_relative(text))) for test, given in found)
    return {test: names for test, names in named if names}
