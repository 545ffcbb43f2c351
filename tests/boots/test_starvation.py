"""What a question to a tender is worth that others kept from running."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bootmatrix.boots import starvation, tenders
from bootmatrix.errors import InfrastructureError
from bootmatrix.places import strain
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Exit
from bootmatrix.places.strain import Strain
from bootmatrix.texts import Record
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.watch import Watched
from bootmatrix.watching.witness import Findings

LATE = Stop(StopKind.TIMEOUT, "no end")
STARVED, IDLE = Strain(0.0, 9.0), Strain(0.0, 0.0)


def seen(exit_: Exit | None, had: Strain) -> Watched:
    stop = None if exit_ else LATE
    return Watched(Record(1), Record(1), 1.0, exit_, stop, findings=Findings(strain=had))


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        ([seen(Exit(0), STARVED)], [2.0]),
        ([seen(None, IDLE)], [2.0]),
        ([seen(None, STARVED), seen(Exit(0), STARVED)], [2.0, 12.0]),
        ([seen(None, STARVED), seen(None, IDLE)], [2.0, 12.0]),
    ],
)
def test_it_is_asked_again_with_more_time_if_it_was_starved(found: list[Watched], asked: list[float]) -> None:
    answers, given = iter(found), []
    assert starvation.unhurried(lambda seconds: given.append(seconds) or next(answers), 2.0) is found[-1]  # type: ignore[func-returns-value]
    assert given == asked


def test_a_tender_of_which_nothing_could_be_learnt_is_not_taken_for_a_broken_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else each test that needs it would be skipped."""
    monkeypatch.setattr(strain, "of", lambda _root, **_more: STARVED)
    monkeypatch.setattr(tenders, "SURVEY_SECONDS", 0.2)
    with pytest.raises(InfrastructureError, match="was kept from saying whether it has the tender"):
        tenders._ask(LocalPlace(), replace(tenders.SURVEY, argv=("sleep", "1000")))  # noqa: SLF001
