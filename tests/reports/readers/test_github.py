"""What GitHub's reporters see, by the rules of their sources."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import junitparser

if TYPE_CHECKING:
    from pathlib import Path

CELL = "gcc-debian-12-x86_64-qemu"
FAILED = {"fails", "errs", "unexpected", "cases", "cases/divides"}
SKIPPED = {"skips", "expected", "kept", "cases/network"}
EVIDENCE = "attempt 3: exited(1) after 0.125 s (status 1)"


def dorny(file: Path) -> dict[tuple[str, str], dict[str, str]]:
    """dorny/test-reporter, src/parsers/java-junit/java-junit-parser.ts: suites of the root only; a `failure` comes
    before an `error`, the first alone counts; a class of the suite's name is no group of its own.
    """
    found = {}
    for suite in ET.parse(file).getroot().findall("testsuite"):  # noqa: S314  # our own file
        for case in suite.findall("testcase"):
            bad = case.findall("failure") or case.findall("error")
            state = "failed" if bad else "skipped" if case.find("skipped") is not None else "success"
            group = "" if case.attrib["classname"] == suite.attrib["name"] else case.attrib["classname"]
            message = f"{bad[0].attrib['type']}: {bad[0].attrib['message']}" if bad else ""
            told = {"state": state, "message": message, "details": bad[0].text or "" if bad else ""}
            found[group, case.attrib["name"].strip()] = told
    return found


def test_dorny_sees_states_and_evidence(junit: Path) -> None:
    found = dorny(junit)
    assert {name for (_, name), told in found.items() if told["state"] == "failed"} == FAILED
    assert {name for (_, name), told in found.items() if told["state"] == "skipped"} == SKIPPED
    assert found["", "fails"]["message"] == "failed: failed: exited(1) instead of exited(0)"
    assert EVIDENCE in found["", "fails"]["details"]
    assert found["", "errs"]["message"] == "infrastructure: broken(no KVM) instead of exited(0)"
    assert len(found) == 12


def mikepenz(file: Path) -> tuple[Counter[str], list[dict[str, Any]]]:
    """mikepenz/action-junit-report, src/testParser.ts: a test with `skipped` never fails; cases of one name, class
    and file are folded; flakyFailures are its retries, and then it has an annotation even though it passes.
    """
    counts, notes = Counter[str](), []
    root = ET.parse(file).getroot()  # noqa: S314  # our own file
    cases = {(c.get("name"), c.get("classname"), c.get("file")): c for c in root.iterfind("testsuite/testcase")}
    for case in cases.values():
        issues = [*case.findall("failure"), *case.findall("error")]
        skipped = case.find("skipped") is not None
        state = "skipped" if skipped else "failed" if issues else "passed"
        counts[state] += 1
        retries = len(case.findall("flakyFailure"))
        for issue in issues or ([case] if retries else []):
            text = (issue.text or "").strip()
            message = issue.get("message") or "\n".join(text.split("\n")[:2]) or case.get("name")
            notes.append({"name": case.get("name"), "retries": retries, "message": message, "details": text})
    return counts, notes


def test_mikepenz_counts_and_annotates(junit: Path) -> None:
    counts, notes = mikepenz(junit)
    assert counts == {"passed": 3, "failed": 5, "skipped": 4}
    told = {note["name"]: note for note in notes}
    assert set(told) == FAILED | {"flaky"}
    assert told["flaky"]["retries"] == 1
    assert told["fails"]["message"] == "failed: exited(1) instead of exited(0)"
    assert EVIDENCE in told["fails"]["details"]


def enricomi(file: Path) -> tuple[Counter[str], dict[tuple[str, str], dict[str, Any]]]:
    """EnricoMi/publish-unit-test-result-action, python/publish/junit.py, on the junitparser that it uses: totals are
    the suites' attributes; of several results the worst counts, error before failure before skipped.
    """
    totals, found = Counter[str](), {}
    for suite in junitparser.JUnitXml.fromfile(str(file)):
        totals.update(tests=suite.tests, skipped=suite.skipped, failures=suite.failures, errors=suite.errors)
        for case in suite:
            results = sorted(case.result, key=lambda r: ["error", "failure", "skipped"].index(str(r._tag)))  # noqa: SLF001
            state = results[0]._tag if results else "success"  # noqa: SLF001
            texts = {"message": results[0].message, "content": results[0].text} if results else {}
            told = {"state": state, "stdout": case.system_out, "time": case.time, **texts}
            assert (case.classname, case.name) not in found
            found[case.classname, case.name] = told
    return totals, found


def test_enricomi_sees_totals_and_states(junit: Path) -> None:
    totals, found = enricomi(junit)
    assert totals == {"tests": 12, "skipped": 4, "failures": 4, "errors": 1}
    states = Counter(told["state"] for told in found.values())
    assert states == {"success": 3, "failure": 4, "error": 1, "skipped": 4}
    assert EVIDENCE in found[CELL, "fails"]["content"]
    assert "console of attempt 3" in found[CELL, "fails"]["stdout"]
    assert "until 2026-12-31): failed: exited(1)" in found[CELL, "kept"]["message"]
    assert found[CELL, "passes"]["time"] == 1.5


def test_each_of_several_suites_is_seen_with_all_its_cases(several: Path, cells: dict[str, int]) -> None:
    totals, found = enricomi(several)
    assert Counter(cell for cell, _ in found) == cells
    assert totals["tests"] == mikepenz(several)[0].total() == sum(cells.values())
