"""Real readers from PyPI."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import junitparser
from junitparser import xunit2

if TYPE_CHECKING:
    from pathlib import Path


def cases(file: Path) -> tuple[Any, dict[str, Any]]:
    (suite,) = xunit2.JUnitXml.fromfile(str(file))
    return suite, {case.name: case for case in suite}


def test_junitparser_sees_counts_attempts_and_reasons(junit: Path) -> None:
    suite, found = cases(junit)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (12, 4, 1, 4)
    assert {name for name, case in found.items() if case.is_passed} == {"passes", "flaky", "cases/adds"}
    assert {name for name, case in found.items() if case.is_skipped} == {"skips", "expected", "kept", "cases/network"}
    assert [type(result) for result in found["errs"].result] == [junitparser.Error]
    (flaky,) = found["flaky"].flaky_failures()
    assert flaky.stack_trace == "attempt 1: exited(1) instead of exited(0)"
    assert "console of attempt 1" in flaky.system_out
    assert len(found["fails"].rerun_failures()) == 2
    assert found["kept"].result[0].message == (
        "quarantined: bug 42, since May (ada@example.org, until 2026-12-31): failed: exited(1) instead of exited(0)"
    )
    assert {item.name: item.value for item in suite.properties()}["commit"] == "c0ffee"


def test_junitparser_sees_the_properties_of_each_test(with_properties: Path) -> None:
    _, found = cases(with_properties)
    told = {
        name: {item.name: item.value for item in case.child(junitparser.Properties) or ()}
        for name, case in found.items()
    }
    assert told["passes"]["measure.latency"] == "12.5 us"
    assert told["passes"]["param.depth"] == "10"
    assert (told["kept"]["verdict"], told["kept"]["quarantine.owner"]) == ("quarantined", "ada@example.org")


def test_junit2html_makes_a_page(junit: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    subprocess.run([sys.executable, "-m", "junit2htmlreport", str(junit), str(page)], check=True, capture_output=True)
    told = page.read_text()
    assert "failed: exited(1) instead of exited(0)" in told
    assert "broken(no KVM) instead of exited(0)" in told
    assert "quarantined: bug 42, since May" in told


def test_each_of_several_suites_is_seen_with_all_its_cases(
    several: Path, cells: dict[str, int], tmp_path: Path
) -> None:
    assert {suite.name: len(list(suite)) for suite in xunit2.JUnitXml.fromfile(str(several))} == cells
    page = tmp_path / "page.html"
    subprocess.run([sys.executable, "-m", "junit2htmlreport", str(several), str(page)], check=True, capture_output=True)
    told = page.read_text()
    assert all(f"Test Suite: {cell}</h2>" in told for cell in cells)
    assert all(f"{cell} : fails</a>" in told for cell in cells)
