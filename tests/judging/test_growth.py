"""From what was sampled of a soak to a verdict and a sentence."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import pytest

from bootmatrix import patterns
from bootmatrix.judging import growth
from bootmatrix.judging.verdict import Judgement, conclude
from bootmatrix.matrix.keys.parts import Metric
from bootmatrix.matrix.keys.schema import TestFields
from bootmatrix.matrix.keys.soak import Soak
from bootmatrix.model import Attempt, Growth, Outcome, OutcomeKind, Side, Verdict
from bootmatrix.places.strain import Strain
from bootmatrix.watching.witness import Findings, Series

if TYPE_CHECKING:
    from collections.abc import Callable

MIB, HOUR = 1 << 20, 3600
STOPPED = Outcome(OutcomeKind.STOPPED)
PASSED = Judgement(Verdict.PASSED, "stopped", STOPPED)
FAILED = Judgement(Verdict.FAILED, "exited(3) instead of stopped", STOPPED)


def fields(**bounds: str) -> TestFields:
    soak: dict[str, Any] = {"duration": "10 min", "max_growth": bounds}
    metrics = {"heap": Metric(regex="(.)", unit="objects", series=True)}
    return TestFields.model_construct(soak=Soak.model_validate(soak), metrics=metrics, cpus=1)


def found(
    value: Callable[[int], float], name: str = "memory", of: str = "guest", soaked: float | None = 10.0
) -> Findings:
    """A sample a second, from the boot's beginning, ten seconds before its soak begins."""
    return Findings(series={name: Series([(at, value(at)) for at in range(610)], of)}, soaked=soaked)


def test_what_grows_by_more_is_a_complaint() -> None:
    (grown,) = growth.of(fields(memory="1 MiB/h"), found(lambda at: at * 1024.0))
    assert (grown.name, grown.unit, grown.of, grown.verdict, grown.needed) == ("memory", "B", "guest", Side.ABOVE, 0)
    assert grown.low <= grown.slope <= grown.high
    assert grown.slope == pytest.approx(1024 * HOUR, rel=0.05)
    (said,) = growth.complaints([grown])
    assert said.startswith("the guest's memory grows by 3.5 MiB/h (3.")
    assert said.endswith("more than the 1 MiB/h that are allowed")


def test_the_warm_up_does_not_count() -> None:
    (grown,) = growth.of(fields(memory="1 MiB/h"), found(lambda at: min(at, 70) * 1e6))
    assert (grown.verdict, grown.slope, grown.seconds) == (Side.WITHIN, 0, 539)
    (late,) = growth.of(fields(memory="1 MiB/h"), found(lambda at: min(at, 170) * 1e6))
    assert late.verdict != Side.WITHIN


def test_a_pass_says_how_fast_it_grows() -> None:
    grown = growth.of(fields(heap="10/s"), found(lambda at: at, "heap", ""))
    judged = growth.weighed(PASSED, grown)
    assert judged.verdict == Verdict.PASSED
    assert judged.growth == grown
    assert re.match(r"stopped; heap grows by 3,[56]\d\d objects/h \(3,[56]\d\d objects/h to ", judged.reason)


def test_what_is_undecided_is_no_pass_and_says_how_long_it_would_take() -> None:
    two_steps = found(lambda at: (at > 200) * MIB + (at > 450) * MIB)
    grown = growth.of(fields(memory="1 MiB/h"), two_steps)
    judged = growth.weighed(PASSED, grown)
    assert judged.verdict == Verdict.UNDECIDED
    assert "and 1 MiB/h are allowed: a soak of about" in judged.reason
    assert grown[0].needed > 600
    assert growth.weighed(FAILED, grown).verdict == Verdict.FAILED
    assert growth.weighed(FAILED, grown).growth == grown


@pytest.mark.parametrize("points", [[], [(80.0, 1.0)], [(70.0 + at, 1.0) for at in range(20)]])
def test_of_too_few_samples_nothing_is_known(points: list[tuple[float, float]]) -> None:
    few = Findings(series={"memory": Series(points, "pss")}, soaked=0.0)
    grown = growth.of(fields(memory="1 MiB/h"), few)
    judged = growth.weighed(PASSED, grown)
    assert (judged.verdict, grown[0].seconds) == (Verdict.UNDECIDED, 0)
    assert judged.reason.startswith("too few samples to tell how fast the memory of tender and guest grows")
    assert ("would tell" in judged.reason) == (len(points) > 1)


def test_samples_that_leave_a_gap_want_a_longer_soak() -> None:
    gap = Findings(series={"memory": Series([(at, 1.0) for at in range(610) if not 200 < at < 300])}, soaked=0.0)
    (grown,) = growth.of(fields(memory="1 MiB/h"), gap)
    assert (grown.verdict, grown.seconds, grown.needed) == (Side.UNDECIDED, 0, 1200)


def test_numbers_that_only_came_at_first_want_as_much_longer_as_they_were_few() -> None:
    """Nine in a second, and then none: 540 s are not told to be all that is missing."""
    few = Findings(series={"memory": Series([(61.0 + at / 8, 1.0) for at in range(9)])}, soaked=0.0)
    (grown,) = growth.of(fields(memory="1 MiB/h"), few)
    assert grown.seconds == 0
    assert grown.needed == pytest.approx(60 + 52 * 539 / 8)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_numbers_that_are_read_have_a_growth_that_can_be_told(sign: int) -> None:
    largest = sign * patterns.LARGEST
    grown = growth.of(fields(heap="10/h"), found(lambda at: largest * (at - 300) / 310, "heap"))
    judged = growth.weighed(PASSED, grown)
    assert all(map(math.isfinite, (grown[0].slope, grown[0].low, grown[0].high)))
    assert grown[0].verdict == (Side.ABOVE if sign > 0 else Side.WITHIN)
    assert len("".join([judged.reason, *growth.complaints(grown)])) < 300


def test_a_soak_that_never_began_says_nothing() -> None:
    assert growth.of(fields(memory="1 MiB/h"), found(float, soaked=None)) == ()
    assert growth.weighed(FAILED, ()) == FAILED


@pytest.mark.parametrize(("waited", "told"), [(0.5, False), (30.0, True)])
def test_others_that_disturb_a_soak_are_told(waited: float, *, told: bool) -> None:
    seen = Findings(soaked=0.0, strain=Strain(300.0, waited, 2.0))
    judged = growth.disturbed(PASSED, fields(), seen, 600.0)
    (measure,) = judged.metrics
    assert (measure.name, measure.unit) == (growth.WAIT, "%")
    assert measure.value == pytest.approx(waited / 6, abs=0.01)
    assert ("others kept it from a processor for 5.0% of its time" in judged.reason) == told


def attempt(number: int, verdict: Verdict, reason: str) -> Attempt:
    return Attempt(number, verdict, reason, STOPPED, "", 1.0)


def test_a_test_that_is_undecided_only_after_a_failure_says_so() -> None:
    both = [attempt(1, Verdict.FAILED, "it failed"), attempt(2, Verdict.UNDECIDED, "who knows")]
    assert conclude(both, None) == (Verdict.UNDECIDED, "who knows; at attempt 2, after: it failed")
    assert conclude(both[1:], "known")[0] == Verdict.UNDECIDED


def test_a_growth_is_kept_as_numbers() -> None:
    grown = Growth("memory", "B", 1.0, 0.0, 2.0, 3.0, Side.WITHIN)
    assert (grown.needed, grown.seconds, grown.of) == (0, 0, "")
