"""One run of several parts: nothing is lost silently, and what a part says may be anybody's."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from junitparser import JUnitXml
from merging.shards import AXES, IDS, TESTS, Project
from support import bootmatrix, scripted, write_matrix

from bootmatrix import results
from bootmatrix.merging import received
from bootmatrix.model import Verdict
from bootmatrix.runs import past

if TYPE_CHECKING:
    from bootmatrix.model import Result


def test_all_parts_together_are_the_whole_in_the_matrixs_order(project: Project) -> None:
    done = project.merge()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert list(project.verdicts()) == IDS
    assert set(project.verdicts().values()) == {"passed"}
    assert "6 passed" in done.stdout
    latest = project.folder / "out/latest"
    assert JUnitXml.fromfile(str(latest / "junit.xml")).tests == 6
    consoles = [attempt.console for result in project.merged.results for attempt in result.attempts]
    assert all((latest / console).read_bytes() == b"SUCCESS\n" for console in consoles)
    assert (latest / "consoles/command-b/hello/1.tender.log").read_text() == "seen\n"


def test_the_head_of_the_merged_run_is_of_all_parts(project: Project) -> None:
    day = "2026-01-01T00:00:0{}.000Z"
    for number in (1, 2, 3):
        host = {"name": f"machine-{number}", "machine": "x86_64"}
        project.change(number, lambda result: result, started=day.format(number), seconds=4.0, host=host)
    project.merge()
    found = project.merged
    assert (found.started, found.seconds) == (day.format(1), 6.0)
    assert found.host == {"name": "machine-1; machine-2; machine-3", "machine": "x86_64"}
    assert (found.verdicts, found.partial, found.axes) == ({"passed": 6}, False, ("backend", "mine"))


def test_the_merged_run_can_be_gone_on_from_as_any_other(project: Project) -> None:
    project.change(2, lambda result: replace(result, verdict=Verdict.FAILED))
    assert project.merge().returncode == 1
    assert past.last(project.folder / "out", print).finished
    again = bootmatrix("run", "--engine=host", "--failed", cwd=project.folder)
    assert "2 passed" in again.stdout


def test_a_part_that_is_missing_is_told_as_errors(project: Project) -> None:
    lost = {result.id for result in results.load(project.part(2) / "results.json").results}
    shutil.rmtree(project.part(2))
    done = project.merge()
    assert done.returncode == 3
    assert list(project.verdicts()) == IDS
    assert {test for test, verdict in project.verdicts().items() if verdict == "error"} == lost
    for result in project.merged.results:
        if result.id in lost:
            assert result.infrastructure
            assert "shard 2/3 sent no results" in result.reason
            assert result.axes["mine"] == result.cell[-1]


def test_no_part_at_all_is_an_error_for_each_test(project: Project) -> None:
    shutil.rmtree(project.folder / "parts")
    (project.folder / "parts").mkdir()
    assert project.merge().returncode == 3
    assert list(project.verdicts().values()) == ["error"] * 6
    assert "there is no folder elsewhere" in bootmatrix("merge", "elsewhere", cwd=project.folder).stderr


def test_without_the_plans_times_the_missing_parts_are_named_all_the_same(project: Project) -> None:
    shutil.rmtree(project.part(2))
    (project.folder / "out").mkdir(exist_ok=True)
    times = {f"command-{mine}/hello": seconds for mine, seconds in zip("abc", (500, 20, 1), strict=True)}
    (project.folder / "out/times.json").write_text(json.dumps(times))
    events = project.part(1) / "events.jsonl"
    first, _, rest = events.read_text().partition("\n")
    begun = json.loads(first)
    begun["request"]["shard"] = "1/3@00000000"
    events.write_text(json.dumps(begun) + "\n" + rest)
    assert project.merge().returncode == 3
    (one, *_) = (result for result in project.merged.results if result.verdict == "error")
    assert "no shard reported this test; 2/3 sent nothing" in one.reason


def test_a_killed_shard_reports_what_it_had_recorded(project: Project) -> None:
    events = project.part(1) / "events.jsonl"
    (project.part(1) / "results.json").unlink()
    lines = events.read_text().splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if '"event": "boot finished"' in line)
    events.write_text("".join(lines[: first + 1]) + lines[first + 1][:50])
    assert project.merge().returncode == 3
    assert sorted(project.verdicts().values()) == ["error"] + ["passed"] * 5
    (lost,) = (result for result in project.merged.results if result.verdict == "error")
    assert "shard 1/3 reported, but without this test" in lost.reason


def test_of_two_words_on_a_test_the_worst_counts_and_is_said(project: Project) -> None:
    shutil.copytree(project.part(1), project.folder / "parts/again")
    assert "several shards" not in project.merge().stderr, "it is the same run, as `latest` may be"
    file = project.folder / "parts/again/results.json"
    run = results.load(file)
    worse = [replace(result, verdict=Verdict.FAILED, reason="not twice") for result in run.results]
    results.write(replace(run, id="20260101-000000-000abcde", results=tuple(worse)), file)
    done = project.merge()
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "reported by several shards; keeping the worst verdict: " in said
    assert sorted(project.verdicts().values()) == ["failed", "failed", *["passed"] * 4]


def test_parts_that_do_not_belong_together_are_refused(project: Project) -> None:
    project.change(1, lambda result: result, commit="aaaa")
    project.change(2, lambda result: result, commit="bbbb")
    done = project.merge()
    assert (done.returncode, "different commits: aaaa, bbbb" in done.stderr) == (2, True)
    assert not (project.folder / "out/latest").exists()


def test_tests_that_the_matrix_does_not_have_are_refused_or_taken_as_told(project: Project) -> None:
    write_matrix(project.folder, scripted({**AXES, "mine": ["a"]}, **TESTS))
    done = project.merge()
    assert done.returncode == 2
    assert "tests that this matrix or selection does not have, such as " in done.stderr
    assert project.merge("--as-told").returncode == 0
    assert sorted(project.verdicts()) == IDS


def test_a_selection_limits_what_is_missing(project: Project) -> None:
    for number in (1, 2, 3):
        run = results.load(project.part(number) / "results.json")
        kept = tuple(result for result in run.results if result.test == "hello")
        results.write(replace(run, results=kept), project.part(number) / "results.json")
    assert project.merge().returncode == 3
    assert project.merge("--select", "test=hello").returncode == 0
    assert len(project.merged.results) == 3


def test_a_flaky_test_fails_the_merge_where_that_is_wanted(project: Project) -> None:
    project.change(1, lambda result: replace(result, verdict=Verdict.FLAKY))
    assert project.merge().returncode == 0
    assert project.merge("--fail-on-flaky").returncode == 1


def test_an_interrupted_part_is_no_success(project: Project) -> None:
    project.change(1, lambda result: replace(result, verdict=Verdict.SKIPPED), interrupted=True)
    assert project.merge().returncode == 130


def test_logs_of_one_name_are_both_kept(project: Project) -> None:
    for number in (1, 2):
        logs = project.part(number) / "logs"
        logs.mkdir()
        (logs / "image-debian-12.log").write_text(str(number))
        (logs / "evil.html").write_text("secret")
    project.merge()
    logs = project.folder / "out/latest/logs"
    assert {file.name: file.read_text() for file in logs.iterdir()} == {
        "image-debian-12.log": "1",
        "image-debian-12.2.log": "2",
    }


def test_parts_are_found_at_any_depth_of_an_artifact(project: Project) -> None:
    for number, name in zip((1, 2, 3), ("out", "out/run", ""), strict=True):
        part = project.part(number)
        target = project.folder / f"deep/{number}/{name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        part.rename(target)
    parts, refused = received.read([project.folder / "deep"])
    assert sorted(str(part.shard)[:3] for part in parts) == ["1/3", "2/3", "3/3"]
    assert refused == []
    assert sorted(itertools.chain(*(map(results_id, part.run.results) for part in parts))) == IDS


def results_id(result: Result) -> str:
    return result.id


def test_parts_of_an_unknown_matrix_keep_the_axes_that_name_their_cells(project: Project) -> None:
    before = (project.folder / ".bootmatrix/history.sqlite").read_bytes()
    assert project.merge("--as-told").returncode == 0
    run = project.merged
    assert run.axes == ("backend", "mine")
    assert {result.id: result.values["mine"] for result in run.results} == {test: test[8] for test in IDS}
    assert (project.folder / ".bootmatrix/history.sqlite").read_bytes() == before, "it is in no history"


def test_a_quarantine_of_the_matrix_holds_for_what_the_parts_told(project: Project) -> None:
    matrix = scripted(AXES, **TESTS)
    entry = {"match": {"test": "hello"}, "owner": "us all", "reason": "it is new", "until": "2999-01-01"}
    write_matrix(project.folder, {**matrix, "quarantine": [entry]})
    project.change(1, lambda result: replace(result, verdict=Verdict.QUARANTINED))
    done = project.merge()
    kept = {result.id: result.quarantine.owner for result in project.merged.results}
    assert kept == {test: "us all" if test.endswith("/hello") else "" for test in IDS}, done.stdout


@pytest.mark.parametrize(
    ("said", "asked", "status"), [("a" * 40, "b" * 40, 2), ("", "b" * 40, 0), ("b" * 40, "b" * 40, 0)]
)
def test_a_commit_that_the_caller_knows_must_be_that_of_the_parts(
    project: Project, said: str, asked: str, status: int
) -> None:
    for number in (1, 2, 3):
        project.change(number, lambda result: result, commit=said)
    done = project.merge("--commit", asked)
    assert (done.returncode, "not of " in done.stderr) == (status, status == 2)
    assert status or project.merged.commit == asked


@pytest.mark.parametrize("text", ["x", "HEAD", "c0ffee", "$(id)", "0" * 65])
def test_what_is_no_commit_is_refused(project: Project, text: str) -> None:
    assert project.merge("--commit", text).returncode == 2
