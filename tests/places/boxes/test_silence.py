"""Time in which a machine stood still: nothing came that had to come."""

from __future__ import annotations

import pytest

from bootmatrix.places.boxes.silence import LONG, Silence


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time."""
    found = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: found[0])
    return found


def test_what_is_late_is_no_silence_and_what_is_later_is(now: list[float]) -> None:
    silence = Silence()
    silence.expect(2.0)
    now[0] += LONG + 2.0
    assert silence.seconds() == 0
    silence.heard()
    now[0] += 20.0
    assert silence.seconds() == 18.0
    silence.heard()
    now[0] += 1.0
    assert silence.seconds() == 18.0


def test_while_nobody_listens_nothing_is_missed(now: list[float]) -> None:
    silence = Silence()
    silence.expect(1.0)
    now[0] += 20.0
    silence.heard(at_last=False)
    assert silence.seconds() == 0


def test_that_of_the_job_before_is_not_the_next_ones(now: list[float]) -> None:
    silence = Silence()
    silence.expect(1.0)
    now[0] += 20.0
    silence.expect(1.0)
    assert silence.seconds() == 0
