"""A boot broken down: in the order of time, nothing later than its end."""

from __future__ import annotations

from bootmatrix import texts
from bootmatrix.boots import phases
from bootmatrix.model import Attempt, Outcome, OutcomeKind, Phase, PhaseName, Result, Verdict
from bootmatrix.places.place import Exit
from bootmatrix.results import decode, encode
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.watch import Watched
from bootmatrix.watching.witness import Findings

EARLY = (Phase(PhaseName.ENTRY, 0.2), Phase(PhaseName.FIRST_BYTE, 0.1))


def watched(findings: Findings, *, exit: Exit | None = None, stop: Stop | None = None) -> Watched:  # noqa: A002
    return Watched(texts.Record(0), texts.Record(0), 0.5, exit, stop, findings=findings)


def told(seen: Watched) -> list[tuple[str, float]]:
    return [(each.name, each.at) for each in phases.of(seen)]


def test_all_are_told_in_their_order() -> None:
    found = told(watched(Findings(phases=EARLY, ready=0.3), exit=Exit(0)))
    assert found == [("first_byte", 0.1), ("entry", 0.2), ("ready", 0.3), ("end", 0.5)]


def test_what_is_read_after_the_end_came_before_it() -> None:
    late = Findings(phases=(Phase(PhaseName.FIRST_BYTE, 0.7),), ready=0.9)
    assert told(watched(late, exit=Exit(0))) == [("first_byte", 0.5), ("ready", 0.5), ("end", 0.5)]


def test_a_boot_that_was_ended_has_an_end_and_one_that_was_lost_has_none() -> None:
    assert told(watched(Findings(), stop=Stop(StopKind.TIMEOUT, "late"))) == [("end", 0.5)]
    assert told(watched(Findings(phases=EARLY))) == []


def test_they_are_measures_and_are_read_back() -> None:
    made = (*EARLY, Phase(PhaseName.READY, 0.3), Phase(PhaseName.END, 0.5))
    outcome = Outcome(OutcomeKind.EXITED, "0")
    attempt = Attempt(1, Verdict.PASSED, "", outcome, "2026-01-01T00:00:00Z", 0.5, ready=0.3, phases=made)
    result = Result("gcc", "t", Verdict.PASSED, attempts=(attempt,))
    assert {each.name: each.value for each in result.measures} == {
        "boot_time": 0.5,
        "entry_time": 0.2,
        "first_byte_time": 0.1,
        "ready_time": 0.3,
    }
    assert decode(encode(result)) == result
