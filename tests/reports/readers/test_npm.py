"""Real readers from npm, each in a Node.js of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import npm_shared

pytestmark = pytest.mark.npm
READERS = ("junit-report-merger", "junit-to-ctrf", "junit2json", "test-results-parser", "xunit-viewer")


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the readers."""
    return npm_shared(tmp_path_factory, *READERS)


def read(packages: Path, script: str, *arguments: Path) -> Any:
    """What the script hands to `tell()`; its own output is not looked at."""
    head = "import fs from 'fs'; const file = process.argv[1]; const other = process.argv[2];"
    told = packages / f"told-{os.getpid()}.json"
    tell = f"const tell = (x) => fs.writeFileSync({json.dumps(str(told))}, JSON.stringify(x));"
    node = ["node", "--input-type=module", "-e", head + tell + script, *map(str, arguments)]
    done = subprocess.run(node, capture_output=True, text=True, timeout=120, check=False, cwd=packages)
    assert done.returncode == 0, done.stderr
    return json.loads(told.read_text())


CTRF = "import {convertJUnitToCTRFReport as c} from 'junit-to-ctrf'; tell(await c(file));"


def test_ctrf_sees_attempts_and_verdicts(packages: Path, junit: Path) -> None:
    told = read(packages, CTRF, junit)["results"]
    tests = {test["name"].rpartition(": ")[2]: test for test in told["tests"]}
    statuses = {name: test["status"] for name, test in tests.items()}
    assert statuses == {
        **dict.fromkeys(("passes", "flaky", "cases/adds"), "passed"),
        **dict.fromkeys(("fails", "errs", "unexpected", "cases", "cases/divides"), "failed"),
        **dict.fromkeys(("skips", "expected", "kept", "cases/network"), "skipped"),
    }
    assert tests["flaky"]["flaky"] is True
    assert [name for name, test in tests.items() if test.get("flaky")] == ["flaky"]
    (attempt,) = tests["flaky"]["retryAttempts"]
    assert attempt["trace"] == "attempt 1: exited(1) instead of exited(0)"
    assert "console of attempt 1" in attempt["stdout"]
    assert len(tests["fails"]["retryAttempts"]) == 2
    assert tests["errs"]["message"] == "broken(no KVM) instead of exited(0)"
    assert "quarantine: bug 42," in tests["kept"]["stdout"]  # it shows no reason of what is skipped


TESTBEATS = """import {parseV2} from 'test-results-parser';
tell(parseV2({type: 'junit', files: [file]}));"""


@pytest.mark.parametrize("dialect", ["junit", "with_properties"])
def test_testbeats_sees_counts_attachments_and_properties(
    dialect: str, packages: Path, request: pytest.FixtureRequest
) -> None:
    told = read(packages, TESTBEATS, request.getfixturevalue(dialect))["result"]
    (suite,) = told["suites"]
    assert (suite["failed"], suite["errors"], suite["skipped"], suite["passed"]) == (4, 1, 4, 3)
    cases = {case["name"]: case for case in suite["cases"]}
    assert cases["errs"]["status"] == "FAIL"
    assert cases["errs"]["failure"] == "broken(no KVM) instead of exited(0)"
    assert cases["flaky"]["status"] == "PASS"
    assert {name for name, case in cases.items() if case["status"] == "SKIP"} == {
        "skips",
        "expected",
        "kept",
        "cases/network",
    }
    files = [Path(one["path"]).name for one in cases["fails"]["attachments"]]
    assert files == ["3.console.log", "2.console.log", "1.console.log"]
    assert all("/etc" not in one["path"] for case in cases.values() for one in case["attachments"])
    assert suite["metadata"]["commit"] == "c0ffee"
    assert cases["fails"]["metadata"].get("owner") is None
    expected = "12.5 us" if dialect == "with_properties" else None
    assert cases["passes"]["metadata"].get("measure.latency") == expected


JUNIT2JSON = "import {parse} from 'junit2json'; tell(await parse(fs.readFileSync(file, 'utf8')));"


def test_junit2json_sees_the_elements(packages: Path, with_properties: Path) -> None:
    told = read(packages, JUNIT2JSON, with_properties)
    (suite,) = told["testsuite"]
    assert (suite["tests"], suite["failures"], suite["errors"], suite["skipped"]) == (12, 4, 1, 4)
    assert {"name": "branch", "value": "main"} in suite["properties"]
    cases = {case["name"]: case for case in suite["testcase"]}
    assert cases["fails"]["failure"][0]["message"] == "failed: exited(1) instead of exited(0)"
    assert cases["errs"]["error"][0]["type"] == "infrastructure"
    assert "ada@example.org, until 2026-12-31" in cases["kept"]["skipped"][0]["message"]
    assert not set(cases["flaky"]) & {"failure", "error", "skipped"}


VIEWER = """import getSuites from 'xunit-viewer/src/cli/get-suites.js';
const logger = new Proxy({}, {get: () => (x) => x});
tell(await getSuites(logger, [{file, contents: fs.readFileSync(file, 'utf8')}]));"""


def test_xunit_viewer_shows_them(packages: Path, junit: Path) -> None:
    told = json.dumps(read(packages, VIEWER, junit))
    assert "failed: exited(1) instead of exited(0)" in told
    assert "broken(no KVM) instead of exited(0)" in told
    assert "c0ffee" in told


MERGE = """import m from 'junit-report-merger'; import {parse} from 'junit2json';
tell(await parse(await m.mergeToString([fs.readFileSync(file, 'utf8'), fs.readFileSync(other, 'utf8')])));"""


def test_a_merged_report_has_the_suites_of_both(packages: Path, junit: Path, for_gitlab: Path) -> None:
    told = read(packages, MERGE, junit, for_gitlab)
    assert (told["tests"], told["failures"], told["errors"]) == (24, 8, 2)
    assert sum(len(suite["testcase"]) for suite in told["testsuite"]) == 24


SUITES = """import {convertJUnitToCTRFReport as c} from 'junit-to-ctrf'; import {parseV2} from 'test-results-parser';
import {parse} from 'junit2json'; import getSuites from 'xunit-viewer/src/cli/get-suites.js';
import m from 'junit-report-merger';
const logger = new Proxy({}, {get: () => (x) => x}), text = fs.readFileSync(file, 'utf8');
const counted = (suites, cases) => Object.fromEntries(suites.map((one) => [one.name, cases(one).length]));
tell({
    testbeats: counted(parseV2({type: 'junit', files: [file]}).result.suites, (suite) => suite.cases),
    junit2json: counted((await parse(text)).testsuite, (suite) => suite.testcase),
    viewer: counted(Object.values((await getSuites(logger, [{file, contents: text}])).suites),
        (suite) => Object.keys(suite.tests)),
    merger: counted((await parse(await m.mergeToString([text]))).testsuite, (suite) => suite.testcase),
    ctrf: (await c(file)).results.tests.map((test) => test.suite[0]),
});"""


def test_each_of_several_suites_is_seen_with_all_its_cases(
    packages: Path, several: Path, cells: dict[str, int]
) -> None:
    told = read(packages, SUITES, several)
    assert Counter(told.pop("ctrf")) == cells
    assert told == dict.fromkeys(("testbeats", "junit2json", "viewer", "merger"), cells)
