"""The key `soak`: its short form, what it leaves open, and what is wrong with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bootmatrix.matrix.keys.soak import Soak
from bootmatrix.matrix.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.load import Matrix

    Errors = Callable[[str | bytes], list[str]]
    Load = Callable[[str | bytes], Matrix]

AXES = "axes: {backend: [qemu]}\n"
HEAP = "metrics: {heap: {regex: 'heap=(.*)', series: true}, once: 'once=(.*)'}"


def fields(load: Load, test: str) -> TestFields:
    matrix = load(f"{AXES}tests:\n  t: {{{test}}}\n")
    resolver = Resolver(matrix)
    ((cell, _, name, _),) = resolver.boots()
    return resolver.fields(cell, name, {})


def soak(load: Load, value: str) -> Soak:
    found = fields(load, f"{HEAP}, soak: {value}").soak
    assert found
    return found


def test_a_duration_alone_is_a_soak(load: Load) -> None:
    found = soak(load, "10 min")
    assert (found.duration, found.sample, found.warm, found.max_growth) == (600, 1, 60, {})


@pytest.mark.parametrize(
    ("written", "an_hour"),
    [("1 MiB/h", 1 << 20), ("1 KiB/s", 3600 << 10), ("10 kB / min", 600_000), ("0 B/h", 0)],
)
def test_a_growth_is_so_much_in_a_time(load: Load, written: str, an_hour: float) -> None:
    assert soak(load, f"{{duration: 1 h, max_growth: {{memory: {written}}}}}").max_growth == {"memory": an_hour}


def test_a_series_without_a_unit_may_grow_by_a_number(load: Load) -> None:
    assert soak(load, "{duration: 1 h, max_growth: {heap: 10/min}}").max_growth == {"heap": 600}


def test_a_soaked_guest_is_stopped_unless_another_end_is_expected(load: Load) -> None:
    assert fields(load, "soak: 1 min").expect.outcome == ["stopped"]
    assert fields(load, "soak: 1 min, expect: {outcome: exited(0)}").expect.outcome == ["exited(0)"]


def test_a_layer_takes_the_place_of_another(load: Load) -> None:
    when = "when: [{match: {backend: qemu}, soak: {duration: 2 min}}]"
    found = fields(load, f"soak: {{duration: 1 h, sample: 10 s}}, {when}").soak
    assert found
    assert (found.duration, found.sample) == (120, 1)


@pytest.mark.parametrize(
    ("soak", "wrong"),
    [
        ("{sample: 1 s}", "duration"),
        ("{duration: 1 min, warmup: 1 min}", "over within its warm-up"),
        ("{duration: 30 s, max_growth: {memory: 1 MiB/h}}", "write a `duration` of 55 s or more"),
        ("{duration: 1 h, sample: 10 ms}", "is not between 0.10 s and 1 min"),
        ("{duration: 1 h, max_growth: {memory: 1 MiB}}", "is not a growth such as 1 MiB/h"),
        ("{duration: 1 h, max_growth: {memory: 1 MiB/year}}", "is not a growth such as 1 MiB/h"),
        ("{duration: 1 h, max_growth: {memory: much/h}}", "is not a size"),
        ("{duration: 1 h, max_growth: {memory: 10/h}}", "has no unit; write it as 1 MiB/h"),
        ("{duration: 1 h, max_growth: {haep: 10/h}}", "there is no metric 'haep' with `series: true`"),
        ("{duration: 1 h, max_growth: {once: 10/h}}", "there is no metric 'once' with `series: true`"),
    ],
)
def test_what_is_wrong_is_said(errors: Errors, soak: str, wrong: str) -> None:
    (said,) = errors(f"{AXES}tests:\n  t: {{{HEAP}, soak: {soak}}}\n")
    assert wrong in said


def test_memory_is_the_hosts_word(errors: Errors) -> None:
    metric = "metrics: {memory: {regex: 'm=(.*)', series: true}}"
    (said,) = errors(f"{AXES}tests:\n  t: {{{metric}, soak: {{duration: 1 h, max_growth: {{memory: 1 MiB/h}}}}}}\n")
    assert "`memory` is what the host sees" in said


def test_without_a_bound_a_soak_may_be_short() -> None:
    given: dict[str, Any] = {"duration": "3 s", "warmup": "0 s"}
    assert Soak.model_validate(given).duration == 3
