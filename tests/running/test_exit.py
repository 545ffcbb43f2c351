"""With what status a run ends: what is undecided or flaky fails it only where that is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from screen.screens import result, run as a_run

from bootmatrix.model import PairFinding, Result, Verdict
from bootmatrix.running.run import Finished, exit_code

FLAKY, UNDECIDED = {Verdict.FLAKY}, {Verdict.UNDECIDED}


def paired(verdict: str) -> Result:
    return replace(result(), pairs=(PairFinding("ocaml", "4.14", "5.3", verdict, "too few"),))


@pytest.mark.parametrize(
    ("made", "failing", "status"),
    [
        (result(verdict="undecided"), set(), 0),
        (result(verdict="undecided"), FLAKY, 0),
        (result(verdict="undecided"), UNDECIDED, 1),
        (result(verdict="flaky"), UNDECIDED, 0),
        (result(verdict="flaky"), FLAKY | UNDECIDED, 1),
        (paired("undecided"), set(), 0),
        (paired("undecided"), UNDECIDED, 1),
        (paired("unknown"), UNDECIDED, 1),
        (paired("more"), UNDECIDED, 0),
        (paired("same"), UNDECIDED, 0),
    ],
)
def test_what_fails_a_run(made: Result, failing: set[Verdict], status: int) -> None:
    assert exit_code(Finished(a_run(result("gcc/b"), made), Path("out"), ()), failing) == status
