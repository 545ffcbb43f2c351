"""What came of boots in turn, in words."""

from __future__ import annotations

from typing import Any

import pytest

from bootmatrix import paired
from bootmatrix.model import PairFinding


def found(verdict: str, change: float = 0.0, low: float = 0.0, high: float = 0.0, **more: Any) -> PairFinding:
    fields: dict[str, Any] = {"name": "boot_time", "until": 0.02, "boots": 28, **more}
    return PairFinding("ocaml", "4.14", "5.3", verdict, change=change, low=low, high=high, **fields)


def test_a_test_is_one_sentence() -> None:
    memory = found("more", 0.26, 0.24, 0.27, name="memory_peak")
    told = paired.sentence([memory, found("same", 0.001, -0.012, 0.015)])
    assert told == "against 4.14, 5.3 needs 26% more memory (24 to 27%), and is as fast (-1.2 to +1.5%)"
    size = found("more", 0.5, 0.5, 0.5, name="unikernel_size")
    assert paired.sentence([size]) == "against 4.14, 5.3 is 50% larger"


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        (found("less", -0.048, -0.055, -0.041), "is 4.8% faster (4.1 to 5.5%)"),
        (found("more", 0.2, 0.101, 0.3), "is 20% slower (10 to 30%)"),
        (found("more", 0.0512, 0.0511, 0.0513), "is 5.1% slower (5.11 to 5.13%)"),
        (found("more", 24.0, 20.0, 30.0), "is 25.0 times slower (21.0 times to 31.0 times)"),
        (found("more", 1e299, 1e299, 1e300), "is 1e+299 times slower (1e+299 times to 1e+300 times)"),
        (found("same", name="requests"), "has as much requests (0.0 to 0.0%)"),
        (found("less", -0.1, -0.12, -0.09, name="requests"), "has 10% less requests (9 to 12%)"),
        (found("same", 0.0, -0.00001, 0.00001), "is as fast (0.00 to 0.00%)"),
        (
            found("undecided", 0.01, -0.05, 0.07, why="28 boots of each were not enough for ±2%"),
            "boot_time is undecided (-5.0 to +7.0%; 28 boots of each were not enough for ±2%)",
        ),
        (found("unknown", name="heap", why="it was not measured"), "heap is not compared (it was not measured)"),
    ],
)
def test_each_measure_has_words_of_its_own(finding: PairFinding, told: str) -> None:
    assert paired.clause(finding) == told


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("4.14", "5.3 is not compared with 4.14: 5.3 came to 'failed' at its boot 3"),
        ("", "5.3 is not compared: 5.3 came to 'failed' at its boot 3"),
    ],
)
def test_what_is_not_compared_says_why(base: str, told: str) -> None:
    why = "5.3 came to 'failed' at its boot 3"
    assert paired.sentence([PairFinding("ocaml", base, "5.3", "unknown", why)]) == told


def test_a_metric_may_be_called_as_a_column_of_the_boots_table() -> None:
    assert [paired.column(name) for name in ("boot_time", "value", "seconds")] == [
        "boot_time",
        "metric.value",
        "metric.seconds",
    ]


def test_the_largest_difference_is_told_first() -> None:
    tests = [("a", [found("same", 0.3)]), ("b", [found("more", 0.1)]), ("c", [found("same"), found("less", -0.2)])]
    assert [test for test, _ in paired.largest_first(tests)] == ["c", "b", "a"]
