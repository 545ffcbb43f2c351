"""One test told run by run: signs, numbers, sparklines."""

from __future__ import annotations

import pytest
from histories import CELL, night, point, points

from bootmatrix.history import story
from bootmatrix.model import Measure


def told(made: story.Story, *, unicode: bool = True) -> list[str]:
    return ["".join(text for text, _ in line) for line in story.lines(made, unicode=unicode)]


@pytest.mark.parametrize(
    ("series", "wanted", "plain"),
    [
        ([], "", ""),
        ([None, None], "  ", "  "),
        ([5.0, 5.0], "▅▅", "55"),
        ([0.0, None, 7.0], "▁ █", "1 8"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "▁▂▃▄▅▆▇█", "12345678"),
        ([-1.7e308, 1.7e308], "▁█", "18"),
    ],
)
def test_a_sparkline_goes_from_the_lowest_to_the_highest(series: list[float | None], wanted: str, plain: str) -> None:
    assert story.sparkline(series, unicode=True) == wanted
    assert story.sparkline(series, unicode=False) == plain


def test_a_test_is_told_where_it_was_run() -> None:
    nights = [night(number) for number in range(6)]
    (made,) = story.of(nights, points(nights, hello="PyF.IF"))
    lines = told(made)
    assert lines[:2] == [f"{CELL}/hello", "  ■≈FEF"]
    assert [line.split()[1] for line in lines if "(0000000000)  " in line] == [f"r000{n}" for n in (0, 1, 2, 4, 5)]
    assert "still failing: failed: why failed [2 runs in a row], since r0002 (0000000000)" in lines[-3]
    assert lines[-2].startswith("  flaky or failed in 75% of the runs")
    assert told(made, unicode=False)[1] == "  #~FEF"


def test_where_it_booted_is_told_when_it_changes() -> None:
    nights = [night(number) for number in range(3)]
    measures = (Measure("boot_time", 0.15, "s", "lower"),)
    made = [point(one.run, "P", measures=measures, host=host) for one, host in zip(nights, "aab", strict=True)]
    (one,) = story.of(nights, made)
    lines = told(one)
    assert [line for line in lines if line.startswith("  on ")] == ["  on a, tcg, 1", "  on b, tcg, 1"]
    assert "  boot_time:   ▅ 0.15 s" in lines


def test_a_test_that_no_night_has_is_not_told() -> None:
    nights = [night(0)]
    assert list(story.of(nights, points(nights, hello="."))) == []
