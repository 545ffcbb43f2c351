"""What witnesses find out comes together, and nothing of it is lost."""

from __future__ import annotations

from dataclasses import fields

from bootmatrix.model import CheckResult, Measure, Phase, PhaseName
from bootmatrix.places.strain import Strain
from bootmatrix.watching.witness import Findings, Series


def packets() -> bytes:
    return b"packets"


WHOLE = Findings(
    memory=1,
    strain=Strain(1.0, 2.0),
    strained=3.0,
    files={"a.csv": b"a"},
    evidence={"packets.txt": packets},
    complaints=("one",),
    undone=("another",),
    overtime=("a third",),
    ready=0.5,
    checks=(CheckResult("web", "passed"),),
    metrics=(Measure("p99", 1.0),),
    phases=(Phase(PhaseName.ENTRY, 0.1),),
    series={"memory": Series([(1.0, 2.0)], "guest")},
    soaked=0.25,
)


def test_each_finding_is_kept_from_either_side() -> None:
    assert all(getattr(WHOLE, each.name) != getattr(Findings(), each.name) for each in fields(Findings)), "extend WHOLE"
    assert WHOLE | Findings() == Findings() | WHOLE == WHOLE


def test_of_two_all_complaints_and_files_are_kept() -> None:
    both = WHOLE | Findings(files={"b.csv": b"b"}, complaints=("two",))
    assert (set(both.files), both.complaints) == ({"a.csv", "b.csv"}, ("one", "two"))


def test_of_two_all_checks_and_metrics_are_kept() -> None:
    other = Findings(checks=(CheckResult("ssh", "failed"),), metrics=(Measure("p50", 2.0),))
    both = WHOLE | other
    assert (both.checks, both.metrics) == (WHOLE.checks + other.checks, WHOLE.metrics + other.metrics)
