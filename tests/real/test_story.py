"""A month of nights, then a commit that breaks one test and slows another: told the same by every report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from support import bootmatrix, script, scripted, write_matrix

from bootmatrix import results
from bootmatrix.history import database

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result, Run

FLAKY = script('test "$1" = 2', args=["{attempt}"], retry={"attempts": 2})


def run(folder: Path, *, broken: str, seconds: float) -> Run:
    """One real run, which is in no history yet; `broken` ends one guest, another takes some seconds."""
    tests = {"calm": script("true"), "frail": script(broken), "slow": script(f"sleep {seconds}"), "flaky": FLAKY}
    write_matrix(folder, scripted({"backend": ["command"]}, **tests))
    here = {"BOOTMATRIX_BRANCH": "main", "BOOTMATRIX_CACHE": str(folder / "cache"), "BOOTMATRIX_HISTORY": "none"}
    bootmatrix("run", "--engine", "host", cwd=folder, **here)
    return results.load(folder / "out/latest/results.json")


def as_of(night: int, told: Run) -> Run:
    """The same run some nights ago, its boots a little quicker or slower."""
    factor = 1 + (night * 7 % 5 - 2) / 100
    day = f"2026-01-{night:02}"
    made = tuple(_quicker(result, factor) for result in told.results)
    return replace(told, id=f"{day}-x", started=f"{day}T02:00:00.000Z", commit=f"{night:040x}", results=made)


def _quicker(result: Result, factor: float) -> Result:
    attempts = tuple(replace(attempt, seconds=attempt.seconds * factor) for attempt in result.attempts)
    return replace(result, attempts=attempts)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the last run, after `nightly`."""
    folder = tmp_path_factory.mktemp("story")
    well = run(folder, broken="true", seconds=0.2)
    ill = run(folder, broken="exit 3", seconds=0.8)
    with database.opened(folder) as past:
        for night in range(1, 23):
            past.record(as_of(night, well))
        for night in range(23, 27):
            slow = tuple(result for result in ill.results if result.test == "slow")
            others = tuple(result for result in well.results if result.test != "slow")
            past.record(as_of(night, replace(ill, results=(*slow, *others))))
    done = bootmatrix("nightly", cwd=folder)
    assert done.returncode == 1, done.stdout + done.stderr
    (folder / "said").write_text(done.stdout)
    return folder


def test_the_terminal_says_what_is_new(told: Path) -> None:
    said = (told / "said").read_text()
    assert "1 new failure\n  command/frail\n" in said
    found = re.search(r"1 measure became worse\n  command/slow\n      boot_time: (0\.\d\d) s → (\d\.\d\d) s \(\+", said)
    assert found
    assert 0.2 <= float(found[1]) < 0.8 <= float(found[2])
    assert "command/calm" not in said


def test_the_summary_and_the_annotations_begin_with_it(told: Path) -> None:
    summary = (told / "out/latest/summary.md").read_text()
    assert summary.startswith("## ✗ 1 failed, 1 flaky, 2 passed")
    assert summary.index("**new failure** · 1") < summary.index("**worse** · 1") < summary.index("### Not as expected")
    first, second, third = (told / "out/latest/annotations.txt").read_text().splitlines()[:3]
    assert first.startswith("::error title=failed%3A command/frail,file=matrix.yaml,line=")
    assert second.startswith("::warning title=flaky%3A command/flaky,file=matrix.yaml,line=")
    assert third.startswith("::warning title=worse%3A command/slow::boot_time")


def test_junit_and_json_have_the_same_verdicts(told: Path) -> None:
    cases = {case.get("name"): case for case in ET.parse(told / "out/latest/junit.xml").iter("testcase")}  # noqa: S314
    assert {name: [child.tag for child in case if child.tag != "system-out"] for name, case in cases.items()} == {
        "calm": [],
        "frail": ["failure"],
        "slow": [],
        "flaky": ["flakyFailure"],
    }
    report = json.loads((told / "out/latest/report.json").read_text())
    assert {each["test"]: each["verdict"] for each in report["results"]} == {
        "calm": "passed",
        "frail": "failed",
        "slow": "passed",
        "flaky": "flaky",
    }
