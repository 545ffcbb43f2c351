"""What a result is made of."""

from __future__ import annotations

from datetime import date

import pytest

from bootmatrix.judging import concluding
from bootmatrix.judging.concluding import About
from bootmatrix.model import Attempt, Outcome, OutcomeKind, Quarantine, Result, Verdict

ENTRY = Quarantine("@team", "it loses interrupts", "2026-11-25", "matrix.yaml:7:5")
ABOUT = About(
    cell="cell",
    test="test@n=1",
    axes={"arch": "x86_64", "n": "1"},
    repro="bootmatrix repro cell/test@n=1",
    where="matrix.yaml:9:3",
    unikernel="hello.elf",
    host="a laptop",
    quarantine=ENTRY,
)
STARTED = "2026-11-24T10:00:00.000Z"


def attempt(number: int, kind: OutcomeKind, seconds: float = 0.1) -> Attempt:
    verdict = Verdict.PASSED if kind == OutcomeKind.EXITED else Verdict.ERROR
    return Attempt(number, verdict, "why", Outcome(kind), STARTED, seconds)


def test_it_has_all_that_is_known_before_and_after_the_boot() -> None:
    tried = [attempt(1, OutcomeKind.BROKEN, 0.10004), attempt(2, OutcomeKind.EXITED, 0.2)]
    made = concluding.result(
        ABOUT,
        Verdict.PASSED,
        "exited(0)",
        started=STARTED,
        today=date(2026, 11, 25),
        attempts=tried,
        image="image",
        digest="sha256:ab",
        size=7,
        key="k",
    )
    assert made == Result(
        cell="cell",
        test="test@n=1",
        verdict=Verdict.PASSED,
        reason="exited(0)",
        seconds=0.3,
        started=STARTED,
        attempts=tuple(tried),
        axes=ABOUT.axes,
        image="image",
        unikernel="hello.elf",
        repro=ABOUT.repro,
        key="k",
        digest="sha256:ab",
        size=7,
        host="a laptop",
        quarantine=ENTRY,
        where="matrix.yaml:9:3",
    )


@pytest.mark.parametrize(
    ("verdict", "last", "said", "ours"),
    [
        (Verdict.ERROR, OutcomeKind.BROKEN, False, True),
        (Verdict.ERROR, OutcomeKind.REJECTED, False, False),
        (Verdict.FAILED, OutcomeKind.BROKEN, False, False),
        (Verdict.ERROR, OutcomeKind.REJECTED, True, True),
    ],
)
def test_an_error_is_the_infrastructures_if_that_ended_the_last_attempt(
    verdict: Verdict, last: OutcomeKind, *, said: bool, ours: bool
) -> None:
    made = concluding.result(ABOUT, verdict, "", started="", attempts=[attempt(1, last)], infrastructure=said)
    assert made.infrastructure is ours


def test_without_a_day_no_quarantine_is_asked() -> None:
    made = concluding.result(ABOUT, Verdict.FAILED, "why", started="")
    assert (made.verdict, made.reason, made.quarantine) == (Verdict.FAILED, "why", Quarantine())
