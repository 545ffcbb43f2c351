"""What a test in quarantine comes to."""

from __future__ import annotations

from datetime import date

import pytest

from bootmatrix.judging import concluding
from bootmatrix.judging.concluding import About
from bootmatrix.model import GOOD_VERDICTS, VERDICTS, Quarantine, Result, Verdict

ENTRY = Quarantine("@team", "it loses interrupts", "2026-11-25", "matrix.yaml:7:5")
TODAY, TOMORROW = date(2026, 11, 25), date(2026, 11, 26)


def told(verdict: str, today: date, entry: Quarantine = ENTRY, *, infrastructure: bool = False) -> Result:
    about = About("cell", "test", {}, "", quarantine=entry)
    return concluding.result(about, Verdict(verdict), "why", started="", today=today, infrastructure=infrastructure)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_it_fails_no_run_until_its_day_is_over(verdict: str) -> None:
    result = told(verdict, TODAY)
    assert result.good
    assert result.quarantine == ENTRY
    if verdict in GOOD_VERDICTS - {"flaky"}:
        assert (result.verdict, result.reason) == (verdict, "why")
    else:
        said = f"it loses interrupts (@team, until 2026-11-25): {verdict}: why"
        assert (result.verdict, result.reason) == ("quarantined", said)


@pytest.mark.parametrize("verdict", [verdict for verdict in VERDICTS if verdict != "skipped"])
def test_from_the_next_day_on_it_fails_loudly(verdict: str) -> None:
    result = told(verdict, TOMORROW)
    assert not result.good
    assert "matrix.yaml:7:5: the quarantine (owner: @team) ended on 2026-11-25" in result.reason
    assert "why" in result.reason
    assert result.verdict == ("error" if verdict in GOOD_VERDICTS else verdict)


def test_what_was_skipped_tells_nothing() -> None:
    assert told("skipped", TOMORROW).verdict == "skipped"


def test_the_infrastructures_failures_are_not_in_quarantine() -> None:
    assert told("error", TODAY, infrastructure=True).verdict == "error"


def test_a_test_that_left_quarantine_is_told_as_it_is() -> None:
    result = told("failed", TODAY, Quarantine())
    assert (result.verdict, result.quarantine) == ("failed", Quarantine())
