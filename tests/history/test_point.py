"""What is kept of a result: the guest's own attempts, and measures that say something of it."""

from __future__ import annotations

import pytest

from bootmatrix.history import point
from bootmatrix.history.streaks import rate
from bootmatrix.model import Attempt, Outcome, Result, Verdict

VERDICTS = {"B": "error", "S": "error", "F": "failed", "P": "passed"}


def result(signs: str, verdict: str = "passed") -> Result:
    """A sign for each attempt: broken, starved, failed or passed."""
    made = [
        Attempt(
            number,
            Verdict(VERDICTS[sign]),
            "",
            Outcome("broken" if sign in "BS" else "exited"),
            "",
            0.5,
            starved=sign == "S",
        )
        for number, sign in enumerate(signs, 1)
    ]
    return Result("c", "t", Verdict(verdict), attempts=tuple(made))


@pytest.mark.parametrize(
    ("signs", "counts"),
    [("P", (1, 0)), ("BP", (1, 0)), ("BBFP", (2, 1)), ("FBP", (2, 1)), ("BBBB", (0, 0)), ("SP", (1, 0))],
)
def test_attempts_that_the_infrastructure_ended_are_not_counted(signs: str, counts: tuple[int, int]) -> None:
    found = point.of("run", result(signs))
    assert (found.attempts, found.failed) == counts


def test_what_the_infrastructure_ended_counts_in_no_rate() -> None:
    nights = [point.of(str(number), result(signs)) for number, signs in enumerate(["P", "BP", "SP", "P"])]
    found = rate(nights)
    assert found
    assert found[0] == 0.0


@pytest.mark.parametrize(("signs", "measured"), [("P", 0.5), ("BP", 0.5), ("SP", None)])
def test_a_boot_of_which_the_host_was_busy_measures_nothing(signs: str, measured: float | None) -> None:
    assert point.of("run", result(signs)).measured("boot_time") == measured
