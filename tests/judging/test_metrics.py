"""Numbers on a console."""

from __future__ import annotations

import pytest

from bootmatrix.judging import metrics
from bootmatrix.matrix.keys.parts import Metric
from bootmatrix.model import Measure

SAW_TOOTH = "heap=10\nheap=70\nheap=4.5e1 words\n"


@pytest.mark.parametrize(("take", "value"), [("last", 45), ("first", 10), ("lowest", 10), ("highest", 70)])
def test_one_of_several_numbers_is_taken(take: str, value: float) -> None:
    wanted = {"heap": Metric(regex=r"heap=(\S+)", unit="words", better="lower", take=take)}
    assert metrics.found(wanted, SAW_TOOTH) == (Measure("heap", value, "words", "lower"),)


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "1e999", "1e301", "-1e301", "1_000", "x", "\u0663", "\u00b9", "\uff11", "9" * 65]
)
def test_what_is_no_finite_number_is_passed_over(text: str) -> None:
    wanted = {"heap": Metric(regex=r"^heap=(.*)$")}
    assert metrics.found(wanted, f"heap=1\nheap={text}\n") == (Measure("heap", 1.0),)
    assert metrics.found(wanted, f"heap={text}\n") == ()


def test_a_group_that_took_no_part_is_passed_over() -> None:
    assert metrics.found({"heap": Metric(regex=r"heap(?:=(\d+))?")}, "heap\n") == ()
