"""What a page draws of the last nights, and that it stays small however many tests there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from histories import CELL, result, run

from bootmatrix.history import findings, trends
from bootmatrix.history.database import opened
from bootmatrix.history.deadline import VARIABLE

if TYPE_CHECKING:
    from pathlib import Path


def test_the_last_nights_of_the_branch_and_this_one(tmp_path: Path) -> None:
    with opened(tmp_path) as past:
        past.record(run(1, result(seconds=0.1), result("gone")))
        past.record(run(2, result(seconds=0.2), branch="other"))
        past.record(run(3, result("new"), partial=True))
        past.record(run(4, result("hello", "failed", seconds=0.3)))
        past.record(run(5, result(seconds=0.4, host="another")))
        tonight = run(6, result(seconds=0.5), result("new"))
        assert trends.trends_of(past, tonight) == findings.Trends((), {})
        past.record(tonight)
        past.record(run(7))
        made = trends.trends_of(past, tonight)
        assert [night.run for night in trends.trends_of(past, tonight, limit=1).nights] == ["r0005", "r0006"]
        assert [night.run for night in trends.trends_of(past, tonight, "other").nights] == ["r0002", "r0006"]
    assert [night.run for night in made.nights] == ["r0001", "r0003", "r0004", "r0005", "r0006"]
    assert set(made.tests) == {f"{CELL}/hello", f"{CELL}/new"}
    hello = made.tests[f"{CELL}/hello"]
    assert hello.verdicts == ("passed", "", "failed", "passed", "passed")
    assert hello.series["boot_time"] == (0.1, None, None, None, 0.5)
    assert set(hello.series) == {"boot_time", "memory_peak", "unikernel_size", "requests"}
    findings.write(made, tmp_path)
    assert findings.trends(tmp_path) == made


@pytest.mark.parametrize(("tests", "nights"), [(20, 12), (400, 3), (3000, 2)])
def test_more_tests_have_fewer_nights_and_the_file_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tests: int, nights: int
) -> None:
    monkeypatch.setattr(trends, "BUDGET", 120_000)
    monkeypatch.setenv(VARIABLE, "600")  # a busy host takes its time
    names = [f"t{number:04}" for number in range(tests)]
    with opened(tmp_path) as past:
        for number in range(12):
            last = run(number, *(result(name, "passed" if name != names[-1] else "failed") for name in names))
            past.record(last)
        made = trends.trends_of(past, last)
    assert len(made.nights) == nights
    findings.write(made, tmp_path)
    assert (tmp_path / "trends.json").stat().st_size < 200_000
    assert f"{CELL}/{names[-1]}" in made.tests
    assert (len(made.tests) == tests) == (tests < 3000)
