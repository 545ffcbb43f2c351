"""The workflows and the action, as they would run on GitHub: their own commands, in their order, on this machine."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from github.machine import ROOT, GitHub
from support import script, scripted, write_matrix

from bootmatrix import results

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Run

GOOD, BAD = script("echo SUCCESS", expect={"console": "SUCCESS"}), script("exit 3", expect={"console": "SUCCESS"})
AXES = {"backend": ["command"], "mine": ["a", "b", "c"]}


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    """A repository with our workflows, whose three cells took long enough for a job each."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / ".github", project / ".github")
    shutil.copytree(ROOT / "images", project / "images")
    shutil.copy(ROOT / "action.yml", project)
    made = GitHub(tmp_path / "github", project, env={"BOOTMATRIX_CACHE": str(tmp_path / "cache")})
    took = made.folder / "caches/bootmatrix-times-0"
    took.mkdir()
    (took / "times.json").write_text(json.dumps({f"command-{mine}/hello": 1200 for mine in "abc"}))
    write_matrix(project, scripted(AXES, hello=GOOD))
    return made


def merged(github: GitHub) -> Run:
    return results.load(github.artifact("bootmatrix") / "results.json")


def verdicts(github: GitHub) -> dict[str, str]:
    return {result.id: result.verdict for result in merged(github).results}


def test_parts_on_three_machines_become_one_run(github: GitHub) -> None:
    done = github.workflow("matrix.yml")
    assert set(done) == {"plan", "run", "run 1", "run 2", "run 3", "merge"}, github.log
    assert set(done.values()) == {"success"}, github.log
    assert list(verdicts(github)) == ["command-a/hello", "command-b/hello", "command-c/hello"]
    assert set(verdicts(github).values()) == {"passed"}
    assert "3 tests" in github.summary
    assert list((github.artifact("bootmatrix") / "consoles/command-b/hello").iterdir())
    assert (github.folder / "caches/bootmatrix-times-1/times.json").is_file()


def test_a_failure_is_told_by_the_merge(github: GitHub) -> None:
    matrix = scripted(AXES, hello=script('[ "$1" != b ] || exit 3; echo SUCCESS', args=["{mine}"]))
    matrix["tests"]["hello"]["expect"] = {"console": "SUCCESS"}
    write_matrix(github.project, matrix)
    done = github.workflow("matrix.yml")
    assert (done["merge"], sorted(done[f"run {part}"] for part in (1, 2, 3))) == (
        "failure",
        ["failure", "success", "success"],
    ), github.log
    assert verdicts(github) == {"command-a/hello": "passed", "command-b/hello": "failed", "command-c/hello": "passed"}
    assert "::error" in github.log
    assert "command-b/hello" in github.summary


def test_a_part_that_sent_nothing_is_an_error_that_names_it(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = GitHub._upload_artifact  # noqa: SLF001  # one of the machine's own steps, lost on the way
    monkeypatch.setattr(
        GitHub,
        "_upload_artifact",
        lambda self, given, job: {} if given["name"].endswith("-2") else upload(self, given, job),
    )
    done = github.workflow("matrix.yml")
    assert done["merge"] == "failure"
    (lost,) = (result for result in merged(github).results if result.verdict != "passed")
    assert (lost.verdict, lost.infrastructure) == ("error", True)
    assert "shard 2/3 sent no results" in lost.reason
    assert len(merged(github).results) == 3


def test_a_machine_with_other_times_refuses_its_part(github: GitHub) -> None:
    merge = github.project / ".github/workflows/matrix.yml"
    merge.write_text(merge.read_text().replace("echo '{}' > out", "exit 1 > out"))
    done = github.workflow("matrix.yml")
    assert set(done.values()) == {"success"}, "the times came from the cache"
    text = merge.read_text()
    merge.write_text(text.replace("- uses: ./", "- run: rm out/times.json\n        shell: bash\n      - uses: ./", 1))
    matrix = scripted({**AXES, "mine": ["a", "b", "c", "d"]}, hello=GOOD)
    write_matrix(github.project, matrix)
    times = {f"command-{mine}/hello": seconds for mine, seconds in zip("abcd", (6000, 10, 10, 10), strict=True)}
    (github.folder / "caches/bootmatrix-times-0/times.json").write_text(json.dumps(times))
    shutil.rmtree(github.folder / "caches/bootmatrix-times-1")
    merge.write_text(merge.read_text().replace("--format github)", "--format github --jobs 2)"))
    done = github.workflow("matrix.yml")
    assert "failure" in {done["run 1"], done["run 2"]}
    assert "has other cells here: key" in github.log
    assert done["merge"] == "failure"
    assert "error" in verdicts(github).values()


def test_no_input_of_the_action_is_a_part_of_a_script(github: GitHub) -> None:
    workflow = github.project / ".github/workflows/matrix.yml"
    hostile = """select: 'mine=a "$(touch pwned)" `touch pwned`; touch pwned' """
    workflow.write_text(workflow.read_text().replace('summary: "false"', f'{hostile}\n          summary: "false"'))
    github.workflow("matrix.yml")
    assert not list(github.folder.rglob("pwned"))


COMMIT = "c0ffee" * 6 + "c0ff"


def of_fork(github: GitHub) -> dict[str, str]:
    """The workflow that publishes what the last run of the matrix left."""
    run = {"event": "pull_request", "conclusion": "failure", "head_sha": COMMIT, "id": 7, "html_url": "there"}
    github.event_name, github.event = "workflow_run", {"workflow_run": run, "repository": {"default_branch": "main"}}
    return github.workflow("publish.yml")


def test_a_forks_results_are_told_beside_its_pull_request(github: GitHub) -> None:
    github.workflow("matrix.yml")
    artifact = github.artifact("bootmatrix")
    (artifact / "summary.md").write_text("hostile")
    write_matrix(github.project, scripted({"backend": ["command"]}, other=GOOD))  # the default branch has another
    assert of_fork(github) == {"check": "success"}, github.log
    ((words, texts),) = github.asked
    assert {f"head_sha={COMMIT}", "status=completed", "conclusion=neutral"} <= set(words)
    (text,) = texts.values()
    assert "3 tests" in text
    assert f"commit `{COMMIT[:12]}`" in text
    assert "branch" not in text
    assert "hostile" not in text


def test_a_forks_artifact_that_is_no_run_is_not_published(github: GitHub) -> None:
    github.workflow("matrix.yml")
    (github.artifact("bootmatrix") / "results.json").write_text('{"id": "../../x"}')
    assert of_fork(github) == {"check": "failure"}
    assert github.asked == []


def test_a_night_opens_one_issue_and_closes_it(github: GitHub) -> None:
    github.event_name = "schedule"
    assert github.workflow("nightly.yml")["compare"] == "success", github.log
    assert [words[:2] for words, _ in github.asked] == [["issue", "list"]]

    write_matrix(github.project, scripted(AXES, hello=BAD))
    assert github.workflow("nightly.yml")["compare"] == "success", github.log
    asked = github.asked[1:]
    assert [words[:2] for words, _ in asked] == [["issue", "list"], ["label", "create"], ["issue", "create"]], (
        github.log
    )
    assert "command-a/hello" in asked[-1][1]["body.md"]

    github.env["GH_ISSUE"] = "12"
    github.workflow("nightly.yml")
    assert [words[:3] for words, _ in github.asked[4:]] == [["issue", "list", "--label"], ["issue", "edit", "12"]]

    write_matrix(github.project, scripted(AXES, hello=GOOD))
    github.workflow("nightly.yml")
    assert [words[:3] for words, _ in github.asked[6:]] == [["issue", "list", "--label"], ["issue", "close", "12"]]
    assert github.results["page"] == "success"


OWN = """
import os
from bootmatrix import model
class Report(model.Report):
    filename = "{name}"
    def write(self, run, folder, target):
        target.write_text("own")
        print("own code ran")
"""


def test_a_projects_own_reports_are_written_in_its_ci_but_not_where_a_forks_results_are_published(
    github: GitHub,
) -> None:
    own = github.project / "reports"
    own.mkdir()
    (own / "mine.py").write_text(OWN.format(name="mine.txt"))
    (own / "markdown.py").write_text(OWN.format(name="summary.md"))
    done = github.workflow("matrix.yml")
    assert set(done.values()) == {"success"}, github.log
    assert (github.artifact("bootmatrix") / "mine.txt").read_text() == "own"
    assert github.summary == "own"
    assert of_fork(github) == {"check": "success"}, github.log
    assert "own code ran" not in github.log
    assert "skipped the repository's own reports" in github.log
    ((_, texts),) = github.asked
    assert "3 tests" in "".join(texts.values())


def test_a_projects_own_reports_are_written_every_night(github: GitHub) -> None:
    (github.project / "reports").mkdir()
    (github.project / "reports/mine.py").write_text(OWN.format(name="mine.txt"))
    github.event_name = "schedule"
    assert github.workflow("nightly.yml")["compare"] == "success", github.log
    assert (github.artifact("github-pages") / "mine.txt").is_file()
    assert "left out" not in github.log
