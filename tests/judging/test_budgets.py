"""Limits of what boots measure: both numbers are told, and neither noise nor a busy host breaks one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from bootmatrix.judging import budgets
from bootmatrix.judging.budgets import Before, Earlier
from bootmatrix.model import TOO_SLOW, Attempt, Better, Measure, Outcome, OutcomeKind, Phase, PhaseName, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

MIB = 1 << 20
ENTERED = (Phase(PhaseName.ENTRY, 0.02),)
STEADY = (100.0,) * 20
EVERY = [0.04, 0.05, 0.045, 0.043, 0.048, 0.044, 0.047]
METRICS = (
    Measure("instructions", 1000, "instructions", Better.LOWER),
    Measure("heap", 500, "words", Better.LOWER),
    Measure("score", 40, "", Better.HIGHER),
    Measure("rate", 900, "MB/s", Better.HIGHER),
    Measure("pause", 8, "ms", Better.LOWER),
)


def booted(seconds: float = 0.061, *metrics: Measure) -> Attempt:
    outcome = Outcome(OutcomeKind.EXITED, "0")
    made = {each.name: each for each in (*METRICS, *metrics)}
    return Attempt(
        1,
        Verdict.PASSED,
        "exited(0)",
        outcome,
        "",
        seconds,
        memory=20 * MIB,
        metrics=tuple(made.values()),
        phases=ENTERED,
    )


def held(
    wanted: dict[str, str], attempt: Attempt | None = None, *earlier: float, before: Before | None = None
) -> Attempt:
    return budgets.judged(attempt or booted(), 3 * MIB, wanted, lambda _measure: Earlier(earlier), before)


def again(wanted: dict[str, str], first: float, second: float, *, waited: float = 0.0) -> Attempt:
    """After a boot that was too slow and took `first`, one that took `second`."""
    return held(wanted, booted(second), before=Before(booted(first), waited))


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"boot_time": "61 ms", "entry_time": "20 ms", "memory_peak": "20 MiB", "unikernel_size": "3 MiB"},
        {"heap": "500", "instructions": "1000", "score": "40"},
        {"boot_time": "none", "memory_peak": "none"},
    ],
)
def test_what_is_within_its_limits_is_as_it_was(wanted: dict[str, str]) -> None:
    assert held(wanted) == booted()


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"memory_peak": "16 MiB"}, "memory_peak is 20 MiB, at most 16 MiB (25% above)"),
        ({"unikernel_size": "1 MiB"}, "unikernel_size is 3 MiB, at most 1 MiB (200% above)"),
        ({"instructions": "999"}, "instructions is 1,000, at most 999 (0.10% above)"),
        ({"score": "50"}, "score is 40, at least 50 (20% below)"),
        ({"memory_peak": "20971519 B"}, "memory_peak is 20,971,520 B, at most 20,971,519 B (0.0000% above)"),
        ({"heap": "0"}, "heap is 500 words, at most 0 words"),
        (
            {"memory_peak": "16 MiB", "heap": "400"},
            "memory_peak is 20 MiB, at most 16 MiB (25% above); heap is 500 words, ",
        ),
        ({"missing": "1"}, "the limit of missing, 1, is not judged: missing was not measured"),
        ({"heap": "3 s"}, "the limit of heap is not judged: '3 s' is not a number of words"),
    ],
)
def test_what_is_beyond_one_fails_with_both_numbers(wanted: dict[str, str], reason: str) -> None:
    found = held(wanted)
    assert found.verdict == Verdict.FAILED
    assert found.reason.startswith(reason)


@pytest.mark.parametrize("name", ["ready_time", "firmware_time", "server.boot_time"])
def test_what_could_not_be_measured_is_told_and_fails_nothing(name: str) -> None:
    found = held({name: "1 s"})
    assert (found.verdict, found.reason) == ("passed", "exited(0)")
    assert found.unjudged == (f"the limit of {name}, 1 s, is not judged: {name} was not measured",)


@pytest.mark.parametrize("verdict", [each for each in Verdict if each != Verdict.PASSED])
def test_what_did_not_pass_has_its_own_reason(verdict: Verdict) -> None:
    attempt = Attempt(1, verdict, "why", Outcome(OutcomeKind.HUNG), "", 1.0)
    assert held({"boot_time": "1 ms"}, attempt) is attempt


@pytest.mark.parametrize(
    "wanted", [{"boot_time": "50 ms"}, {"entry_time": "10 ms"}, {"rate": "1000"}, {"pause": "5 ms"}]
)
def test_what_depends_on_load_is_tried_again_before_it_fails(wanted: dict[str, str]) -> None:
    found = held(wanted)
    assert (found.verdict, found.starved, found.outcome.kind, found.outcome.evidence) == (
        "error",
        True,
        "broken",
        TOO_SLOW,
    )
    assert found.reason.startswith("too slow, or this host too busy: ")
    last = again(wanted, 0.061, 0.061)
    assert (last.verdict, last.starved) == ("failed", False)
    assert last.reason.endswith("at the better of 2 boots")


def test_the_better_of_two_boots_counts() -> None:
    limit = {"boot_time": "50 ms"}
    assert again(limit, 0.061, 0.049).verdict == "passed"
    assert again(limit, 0.049, 0.061).verdict == "passed"  # it was put off for another reason
    assert (
        again(limit, 0.071, 0.062).reason == "boot_time is 62 ms, at most 50 ms (24% above), at the better of 2 boots"
    )
    assert again({"memory_peak": "16 MiB"}, 0.1, 0.1).reason == "memory_peak is 20 MiB, at most 16 MiB (25% above)"


@pytest.mark.parametrize(
    ("wanted", "waited", "verdict"),
    [
        ({"boot_time": "50 ms"}, 0.010, "failed"),  # it would have taken 51 ms
        ({"boot_time": "50 ms"}, 0.012, "passed"),
        ({"pause": "5 ms"}, 0.002, "failed"),
        ({"pause": "5 ms"}, 0.004, "passed"),
        ({"rate": "1000"}, 0.005, "failed"),
        ({"rate": "1000"}, 0.007, "passed"),
    ],
)
def test_a_host_that_is_busy_to_the_end_breaks_no_limit_and_that_is_told(
    wanted: dict[str, str], waited: float, verdict: str
) -> None:
    found = again(wanted, 0.07, 0.061, waited=waited)
    assert found.verdict == verdict
    (name,) = wanted
    assert [
        each.startswith(f"the limit of {name} is not judged, for this host was too busy, with ")
        for each in found.unjudged
    ] == ([True] if verdict == "passed" else [])


@pytest.mark.parametrize(
    ("limit", "value", "earlier", "verdict", "words"),
    [
        ("+1%", 101.0, STEADY, "passed", ""),
        ("+1%", 101.1, STEADY, "failed", "101.1, 1.1% above the median 100 of 20 runs (100 to 100); at most "),
        ("+1%", 101.047, STEADY, "failed", "1.05% above the median 100"),
        ("+0.1%", 100.11, STEADY, "failed", "0.11% above the median 100"),
        ("+0%", 100.0, STEADY, "passed", ""),
        ("+1%", 105.0, (*STEADY[:12], 94.0, 96.0, 97.0, 103.0, 104.0, 106.0), "passed", "such is the noise"),
        ("+1%", 1.0, (0.0,) * 5, "failed", "instructions is 1, not the median 0 of 5 runs"),
        ("+1%", 5.0, (5e-324,) * 5, "failed", "instructions is 5, not the median 4.94066e-324 of 5 runs"),
        ("+1%", 900.0, STEADY[:4], "passed", "is not judged: 4 of 5 earlier runs have it"),
        ("+1%", 900.0, (), "passed", "is not judged: 0 of 5 earlier runs have it"),
    ],
)  # fmt: skip
def test_a_share_is_of_the_median_of_earlier_runs(
    limit: str, value: float, earlier: Sequence[float], verdict: str, words: str
) -> None:
    measure = Measure("instructions", value, "instructions", Better.LOWER)
    found = held({"instructions": limit}, booted(0.061, measure), *earlier)
    assert found.verdict == verdict
    told = found.reason if verdict == "failed" else "; ".join(found.unjudged)
    assert words in told
    assert bool(words) == bool(told)


def test_where_more_is_better_a_share_is_below() -> None:
    earlier = [40.0] * 10
    for value, verdict in ((38.0, "passed"), (37.9, "failed"), (50.0, "passed")):
        found = held({"score": "-5%"}, booted(0.061, Measure("score", value, "", Better.HIGHER)), *earlier)
        assert found.verdict == verdict
    assert held({"score": "-5%"}, booted(0.061, Measure("score", 30, "", Better.HIGHER)), *earlier).reason == (
        "score is 30, 25% below the median 40 of 10 runs (40 to 40); at least -5%"
    )


def test_without_a_history_that_is_told() -> None:
    found = budgets.judged(booted(), 1, {"boot_time": "+1%"}, lambda _measure: Earlier(why="there is no history"))
    assert found.unjudged == ("the limit of boot_time, +1%, is not judged: there is no history",)


@pytest.mark.parametrize("noise", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("runs", [5, 10, 20])
def test_an_unchanged_build_seldom_breaks_a_limit_however_narrow(noise: float, runs: int) -> None:
    """Boots that differ by chance alone, with a tail of slow ones: 1,000 nights, a false alarm in 100 at most."""
    dice = random.Random(f"{noise} {runs}")  # noqa: S311

    def boot() -> float:
        return dice.lognormvariate(0, noise) * (1.5 if dice.random() < 0.03 else 1.0)

    alarms = 0
    for _ in range(1000):
        earlier = [boot() for _ in range(runs)]
        found = held({"boot_time": "+1%"}, booted(boot()), *earlier)
        if found.starved:
            found = held({"boot_time": "+1%"}, booted(boot()), *earlier, before=Before(found))
        alarms += found.verdict == Verdict.FAILED
    assert alarms <= 10


def test_a_change_that_is_larger_than_the_noise_is_found_at_once() -> None:
    dice = random.Random(3)  # noqa: S311
    earlier = [dice.lognormvariate(0, 0.02) for _ in range(20)]
    assert held({"boot_time": "+5%"}, booted(1.15), *earlier, before=Before(booted(1.16))).verdict == "failed"
