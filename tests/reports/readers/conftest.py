"""One run in which everything happens that a reader has to understand; the readers beside this file are to see it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bootmatrix import plugins
from bootmatrix.model import Attempt, Case, Measure, Outcome, Quarantine, Result, Run, Verdict

ROOT = Path(__file__).parents[3]
STARTED = "2026-11-23T23:06:15.123Z"
AXES = {"compiler": "gcc", "os": "debian-12", "arch": "x86_64", "backend": "qemu"}
CELL = "-".join(AXES.values())
SIGNS = "[[ATTACHMENT|/etc/passwd]]\n[[PROPERTY|owner=guest]]\n\x1b[1m[[ATTACH\x1b[0mMENT|/etc/shadow]] <&> ]]> \0"
FAILED = Outcome("exited", "1", "status 1")
PASSED = Outcome("exited", "0", "status 0")


def attempt(test: str, number: int, verdict: str = "failed", outcome: Outcome = FAILED, **more: Any) -> Attempt:
    console = f"consoles/{CELL}/{test}/{number}.console.log"
    reason = str(outcome) if verdict == "passed" else f"{outcome} instead of exited(0)"
    made = Attempt(number, Verdict(verdict), reason, outcome, STARTED, 0.125, console=console, memory=4 << 20)
    return replace(made, **more)


def result(test: str, verdict: str, *attempts: Attempt, **more: Any) -> Result:
    reason = attempts[-1].reason if attempts else "/dev/kvm is not there"
    made = Result(
        CELL, test, Verdict(verdict), reason, 1.5, STARTED, attempts, {**AXES, "depth": "10"}, "debian-12:1234"
    )
    origin: dict[str, Any] = {
        "repro": f"bootmatrix repro {CELL}/{test}",
        "digest": "sha256:abcd",
        "size": 1234,
        "host": "a class",
    }
    origin["where"] = "ci/matrix.yaml:7:3"
    return replace(made, **{**origin, **more})


def results() -> list[Result]:
    good: dict[str, Any] = {"verdict": "passed", "outcome": PASSED}
    cases = (Case("adds", "passed"), Case("divides", "failed", "got 41"), Case("network", "skipped", "no device"))
    kept = Quarantine("ada@example.org", "bug 42,\nsince May", "2026-12-31", "matrix.yaml:9:3")
    why = f"{kept}: failed: exited(1) instead of exited(0)"
    latency = Measure("latency", 12.5, "us", "lower")
    return [
        result("passes", "passed", attempt("passes", 1, metrics=(latency,), **good)),
        result("flaky", "flaky", attempt("flaky", 1), attempt("flaky", 2, **good), reason="passed at attempt 2"),
        result("fails", "failed", *(attempt("fails", number) for number in (1, 2, 3))),
        result("errs", "error", attempt("errs", 1, "error", Outcome("broken", "no KVM")), infrastructure=True),
        result("skips", "skipped"),
        result("expected", "expected failure", attempt("expected", 1), reason="bug 7 (exited(1))"),
        result("unexpected", "unexpected pass", attempt("unexpected", 1, **good), reason="marked, but it passed"),
        result("kept", "quarantined", attempt("kept", 1), quarantine=kept, reason=why),
        result("cases", "failed", attempt("cases", 1, cases=cases)),
    ]


def told_by(made: list[Result]) -> Run:
    run = Run("run-1", STARTED, 2.5, "0.1", "bootmatrix run", {"name": "machine"}, made)
    return replace(run, axes=tuple(AXES), commit="c0ffee", branch="main")


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's root, with the run in out/run-1, told in each dialect: junit.xml, pytest.xml and gitlab.xml."""
    root = tmp_path_factory.mktemp("workspace")
    folder = root / "out/run-1"
    run = told_by(results())
    for told in (one for result in run.results for one in result.attempts):
        file = folder / told.console
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"console of attempt {told.number}\n{SIGNS}\n")
    for dialect, name in {"surefire": "junit.xml", "pytest": "pytest.xml", "gitlab": "gitlab.xml"}.items():
        plugins.load("reports", "junit", ROOT / "docs").Report(dialect=dialect).write(run, folder, folder / name)
    return root


@pytest.fixture
def junit(workspace: Path) -> Path:
    return workspace / "out/run-1/junit.xml"


@pytest.fixture
def with_properties(workspace: Path) -> Path:
    return workspace / "out/run-1/pytest.xml"


@pytest.fixture
def for_gitlab(workspace: Path) -> Path:
    return workspace / "out/run-1/gitlab.xml"


@pytest.fixture(scope="session")
def cells() -> dict[str, int]:
    """The cells of the report `several`, each a suite, with how many cases it has."""
    return {CELL: 12, f"clang-{CELL}": 3, f"tcc-{CELL}": 1}


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of several suites with tests of the same names: `fails` is in each."""
    folder = tmp_path_factory.mktemp("several")
    made = results()
    made += [replace(one, cell=f"clang-{CELL}") for one in made[:3]] + [replace(made[2], cell=f"tcc-{CELL}")]
    report = folder / "junit.xml"
    plugins.load("reports", "junit", ROOT / "docs").Report().write(told_by(made), folder, report)
    return report
