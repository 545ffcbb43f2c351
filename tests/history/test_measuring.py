"""Measures that became better or worse, held against nights that are like this one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from histories import night, point

from bootmatrix.history import measuring
from bootmatrix.history.nights import compare
from bootmatrix.model import Measure, Verdict

if TYPE_CHECKING:
    from bootmatrix.history.findings import Change


def measured(values: list[float | None], name: str = "boot_time", better: str = "lower") -> list[Change]:
    """A test that passed each night; None: it was not run."""
    nights = [night(number) for number in range(len(values))]
    made = [
        point(one.run, "P", measures=(Measure(name, value, "s", better),))
        for one, value in zip(nights, values, strict=True)
        if value is not None
    ]
    return list(compare(nights[-1], nights[:-1], made).changes)


STEADY, NOISE = [1.0, 1.01, 0.99] * 8, [1.5, 1.51, 1.49, 1.5, 1.51]


def test_a_measure_becomes_worse_or_better() -> None:
    for name, better, kind in (("boot_time", "lower", "worse"), ("requests", "higher", "better")):
        (change,) = measured([*STEADY, *NOISE], name, better)
        assert (change.kind, change.measure, change.unit) == (kind, name, "s")
        assert change.since
        assert change.before == pytest.approx(1.0, abs=0.02)
        assert change.after == pytest.approx(1.5, abs=0.02)
        assert change.detail.startswith(f"{name}: 1.00 s → 1.50 s (+50")
    assert [change.kind for change in measured([*NOISE * 5, *STEADY[:5]])] == ["better"]
    assert measured([*STEADY, *NOISE], better="") == []
    assert measured(list(STEADY)) == []


def test_a_size_has_no_noise() -> None:
    sizes: list[float | None] = [*[70_000.0] * 10, 80_000.0]
    (change,) = measured(sizes, "unikernel_size")
    assert (change.kind, change.before, change.after, change.since) == ("worse", 70_000, 80_000, night(10))


@pytest.mark.parametrize("other", [{"host": "b"}, {"accelerator": "kvm"}, {"digest": "c"}, {"verdict": "flaky"}])
def test_only_like_is_compared_with_like(other: dict[str, Any]) -> None:
    nights = [night(number) for number in range(30)]
    slow, fast = Measure("boot_time", 1.0, "s", "lower"), Measure("boot_time", 0.1, "s", "lower")
    before = [replace(point(one.run, "P", measures=(fast,)), **other) for one in nights[:-5]]
    after = [point(one.run, "P", measures=(slow,)) for one in nights[-5:]]
    assert compare(nights[-1], nights[:-1], [*before, *after]).changes == ()
    same = [point(one.run, "P", measures=(fast,)) for one in nights[:-5]]
    assert [change.kind for change in compare(nights[-1], nights[:-1], [*same, *after]).changes] == ["worse"]


def test_what_is_measured_in_another_unit_is_not_compared() -> None:
    nights = [night(number) for number in range(30)]
    units = [("ms", 1000.0)] * 25 + [("s", 1.0)] * 5
    made = [
        point(one.run, "P", measures=(Measure("own", value, unit, "lower"),))
        for one, (unit, value) in zip(nights, units, strict=True)
    ]
    assert compare(nights[-1], nights[:-1], made).changes == ()


def test_a_test_that_did_not_pass_at_once_has_no_measure() -> None:
    nights = [night(number) for number in range(30)]
    made = [point(one.run, "P", measures=(Measure("boot_time", 1.0, "s", "lower"),)) for one in nights]
    made[-1] = replace(made[-1], verdict=Verdict.FAILED, measures=(Measure("boot_time", 9.0, "s", "lower"),))
    assert [change.kind for change in compare(nights[-1], nights[:-1], made).changes] == ["new failure"]


def test_a_unit_is_told_once() -> None:
    assert measuring.between("50,009 instructions", "62,001 instructions", "instructions") == (
        "50,009 → 62,001 instructions"
    )
    assert measuring.between("0.47 s", "0.35 s", "s") == "0.47 s → 0.35 s"
    assert measuring.between("1", "2", "") == "1 → 2"
