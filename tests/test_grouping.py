"""Tests that fail in one way are one group."""

from __future__ import annotations

import pytest

from bootmatrix.grouping import Sum, largest_first, sum_up, worst_first
from bootmatrix.model import Attempt, Outcome, Result, Verdict

GOOD = frozenset({Verdict.PASSED})
LOG = "\n    out/run/logs/build.log, line 3:\n    net.c:1:2: error: x"


def failed(test: str, reason: str, verdict: str = "failed", *, booted: bool = True) -> Result:
    tried = (
        (Attempt(1, Verdict.FAILED, reason, Outcome("exited", "1"), "", 0.1, console=f"{test}.log"),) if booted else ()
    )
    return Result("cell", test, Verdict(verdict), reason, attempts=tried, repro=f"bootmatrix repro cell/{test}")


def test_each_result_is_told_its_group() -> None:
    total = Sum(GOOD)
    first = total.add(failed("a", "one"))
    assert first is not None
    assert total.add(failed("b", "one")) is first
    assert total.add(failed("c", "two")) is not first
    assert total.add(Result("cell", "d", Verdict.PASSED)) is None
    assert (first.count, first.ids, first.booted) == (2, ["cell/a", "cell/b"], "cell/a")
    assert (total.counts[Verdict.FAILED], total.counts[Verdict.PASSED]) == (3, 1)


@pytest.mark.parametrize(
    "reason",
    ["build {} ended with status 1: net.c:1:2: error: x", "build {} made no 'a.elf'", "build {}: no end within 1 s"],
)
def test_one_mistake_in_all_builds_is_one_reason(reason: str) -> None:
    made = [failed(name, reason.format(name) + LOG, "error", booted=False) for name in ("gcc-0", "clang-10", "gcc-2")]
    (group,) = sum_up(made, GOOD).groups.values()
    assert (group.count, group.reason) == (3, reason.format("gcc-0") + LOG), "the first build's words"


@pytest.mark.parametrize(
    "reason",
    [
        "starved: no end within {0}.5 s, in which it had a processor for {0}.9 s and could have had one for {0} min",
        "no attempt passed; the last: no end within {0}.50 s, in which it had {0}% of a processor",
    ],
)
def test_starved_boots_are_one_reason_whatever_share_each_had(reason: str) -> None:
    made = [failed(str(number), reason.format(number)) for number in (1, 5, 62)]
    (group,) = sum_up([*made, failed("other", "no end within 5.00 s")], GOOD).most(1)[0]
    assert group.count == 3


def test_guests_that_ended_in_their_soak_are_one_reason_however_long_they_lived() -> None:
    reason = "exited(0) instead of stopped; the guest ended by itself {} before its soak of {} was over, after {} of it"
    told = [("0.30 s", "1 min 0 s", "59 s"), ("56 s", "1 min 0 s", "4.20 s"), ("56 s", "2 min 0 s", "1 min 4 s")]
    made = [failed(str(number), reason.format(*times)) for number, times in enumerate(told)]
    assert [group.count for group in sum_up(made, GOOD).groups.values()] == [2, 1]


@pytest.mark.parametrize("reason", ["no end within", "no console output for"])
def test_what_does_not_end_is_one_reason_however_much_time_each_had(reason: str) -> None:
    """On a busy host each has another time, and of some it is told which part of it they had."""
    times = ("2.00 s", "3.72 s", "1 min 6 s", "3.81 s, in which it had 2% of a processor")
    made = [failed(time, f"{reason} {time}", "timed out") for time in times]
    assert [group.count for group in sum_up(made, GOOD).groups.values()] == [4]


def test_the_longer_telling_of_a_failed_build_is_kept() -> None:
    reason = "build gcc ended with status 1"
    (group,) = sum_up(
        [failed("a", reason, booted=False), failed("b", reason + LOG, booted=False)], GOOD
    ).groups.values()
    assert group.reason == reason + LOG


def test_a_booted_test_that_names_a_build_stays_apart() -> None:
    assert len(sum_up([failed("a", "build a failed"), failed("b", "build b failed")], GOOD).groups) == 2


def test_orders() -> None:
    made = [failed("a", "rare"), *(failed(name, "often", "error") for name in "bc"), failed("d", "x", "contradicted")]
    groups = sum_up(made, GOOD).groups.values()
    assert [group.reason for group in largest_first(groups)] == ["often", "x", "rare"]
    assert [group.reason for group in worst_first(groups)] == ["x", "rare", "often"]
