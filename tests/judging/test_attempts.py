"""What several attempts at one test conclude to."""

from __future__ import annotations

import pytest

from bootmatrix.judging import verdict
from bootmatrix.model import Attempt, Outcome, Verdict


def attempts(*verdicts: str) -> list[Attempt]:
    return [
        Attempt(number, Verdict(kind), f"reason {number}", Outcome("broken" if kind == "error" else "exited"), "", 0.0)
        for number, kind in enumerate(verdicts, 1)
    ]


@pytest.mark.parametrize(
    ("verdicts", "marked", "wanted"),
    [
        (["passed"], None, "passed"),
        (["failed"], None, "failed"),
        (["failed", "passed"], None, "flaky"),
        (["error", "passed"], None, "passed"),
        (["error", "error", "passed"], None, "passed"),
        (["error", "failed", "error", "passed"], None, "flaky"),
        (["error", "passed"], "known bug", "unexpected pass"),
        (["timed out", "timed out"], None, "timed out"),
        (["timed out", "failed"], None, "failed"),
        (["failed", "timed out"], None, "failed"),
        (["error", "timed out"], None, "timed out"),
        (["failed", "error"], None, "failed"),
        (["error", "error"], None, "error"),
        (["skipped"], None, "skipped"),
        (["error", "skipped"], None, "skipped"),
        (["failed", "skipped"], None, "failed"),
        (["contradicted", "contradicted"], None, "contradicted"),
        (["passed"], "known bug", "unexpected pass"),
        (["failed", "passed"], "known bug", "unexpected pass"),
        (["failed"], "known bug", "expected failure"),
        (["contradicted"], "known bug", "expected failure"),
        (["timed out"], "known bug", "expected failure"),
        (["error"], "known bug", "error"),
        (["skipped"], "known bug", "skipped"),
    ],
)
def test_the_attempts_conclude_to_one_verdict(verdicts: list[str], marked: str | None, wanted: str) -> None:
    assert verdict.conclude(attempts(*verdicts), marked)[0] == wanted


@pytest.mark.parametrize(
    ("verdicts", "reason"),
    [
        (["passed"], "reason 1"),
        (["error", "passed"], "reason 2; attempt 1 failed because of the infrastructure: reason 1"),
        (["error", "error", "passed"], "reason 3; attempts 1, 2 failed because of the infrastructure: reason 2"),
        (["error", "failed", "error", "passed"], "passed at attempt 4, after: reason 2"),
    ],
)
def test_a_pass_says_what_came_before_it(verdicts: list[str], reason: str) -> None:
    assert verdict.conclude(attempts(*verdicts), None)[1] == reason
