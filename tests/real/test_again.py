"""What is not run again, what is, in which part of a run and in which order: --reuse, --failed, --shard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, runs, script, scripted, told, write_matrix

from bootmatrix import results
from bootmatrix.history import database
from bootmatrix.runs import journal

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result
    from bootmatrix.toolchains.toolchain import Image

HOST = {"backend": ["command"]}


@pytest.fixture(params=["host", pytest.param("docker", marks=pytest.mark.docker)])
def where(request: pytest.FixtureRequest, debian_12: Image) -> str:
    assert debian_12
    return str(request.param)


def nights(folder: Path) -> int:
    with database.opened(folder) as past:
        return len(past.nights(None, 100))


class Project:
    """A folder with a matrix of scripts, and its runs."""

    def __init__(self, folder: Path, where: str) -> None:
        self.folder, self.where = folder, where
        (folder / "kernel").write_text("a unikernel")

    def write(self, **tests: Any) -> None:
        matrix = scripted(HOST if self.where == "host" else None, **tests)
        for fields in matrix["tests"].values():
            fields["unikernel"] = "kernel"
        write_matrix(self.folder, matrix)

    def run(self, *args: str) -> dict[str, Result]:
        """The results of a run, by test."""
        env = {"BOOTMATRIX_CACHE": str(self.folder / "cache")}
        self.done = bootmatrix("run", "--engine", self.where, *args, cwd=self.folder, **env)
        assert self.done.returncode in {0, 1}, self.done.stdout + self.done.stderr
        stored = results.load(self.folder / "out/latest/results.json")
        return {result.test: result for result in stored.results}

    def booted(self) -> list[str]:
        """The tests that the last run really booted."""
        events = [entry.event for entry in journal.read(runs(self.folder / "out")[-1])]
        return [event["boot"].partition("/")[2] for event in events if event["event"] == "boot started"]


@pytest.fixture
def project(tmp_path: Path, where: str) -> Project:
    return Project(tmp_path, where)


def good(word: str = "SUCCESS", **fields: Any) -> dict[str, Any]:
    return script(f"echo {word}", expect={"console": word}, **fields)


def test_a_pass_is_taken_again_and_nothing_else(project: Project) -> None:
    flaky = script('test "$1" = 2', args=["{attempt}"], retry={"attempts": 2})
    project.write(good=good(), bad=script("exit 1"), flaky=flaky, off=good(skip="not today"))
    first = project.run()
    assert {name: result.verdict for name, result in first.items()} == {
        "good": "passed",
        "bad": "failed",
        "flaky": "flaky",
        "off": "skipped",
    }
    again = project.run("--reuse")
    assert sorted(project.booted()) == ["bad", "flaky"]
    assert again["good"].reused == runs(project.folder / "out")[0].name
    assert again["good"].attempts == first["good"].attempts
    console = project.folder / "out/latest" / again["good"].attempts[0].console
    assert console.read_text() == "SUCCESS\n"
    assert "reused from run" in project.done.stdout
    project.run("--reuse")
    assert sorted(project.booted()) == ["bad", "flaky"]
    project.run()
    assert sorted(project.booted()) == ["bad", "flaky", "good"]


def test_a_run_that_booted_nothing_is_in_the_history_only_when_the_night_is_looked_at(project: Project) -> None:
    project.write(good=good())
    project.run()
    project.run("--reuse")
    assert nights(project.folder) == 1
    assert bootmatrix("nightly", cwd=project.folder).returncode == 0
    assert nights(project.folder) == 2


CHANGES: dict[str, dict[str, Any]] = {
    "arguments": good(args=["other"]),
    "the tender's command": script("echo SUCCESS; true", expect={"console": "SUCCESS"}),
    "an expectation": script("echo SUCCESS", expect={"console": "SUCC"}),
    "memory": good(memory="32 MiB"),
    "a time-out": good(timeout="7 s"),
    "what exit codes mean": good(exit_codes={3: "failed"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_pass_is_not_taken_again_if_what_it_depends_on_has_changed(tmp_path: Path, change: str) -> None:
    project = Project(tmp_path, "host")
    project.write(t=good())
    project.run()
    project.write(t=CHANGES[change])
    project.run("--reuse")
    assert project.booted() == ["t"]


def test_a_pass_is_not_taken_again_for_another_unikernel(project: Project) -> None:
    project.write(t=good())
    project.run()
    (project.folder / "kernel").write_text("b unikernel")
    project.run("--reuse")
    assert project.booted() == ["t"]


@pytest.mark.parametrize("change", [{"retry": {"attempts": 3}}, {"requires": "/dev/null"}, {"resources": "tap0"}])
def test_a_pass_does_not_depend_on_how_it_is_scheduled_or_tried_again(tmp_path: Path, change: dict[str, Any]) -> None:
    project = Project(tmp_path, "host")
    project.write(t=good())
    project.run()
    project.write(t=good(**change))
    project.run("--reuse")
    assert project.booted() == []


def test_a_pass_whose_run_was_removed_is_booted_again(project: Project) -> None:
    project.write(t=good())
    project.run()
    (runs(project.folder / "out")[-1] / "events.jsonl").write_text("spoilt")
    project.run("--reuse")
    assert project.booted() == ["t"]


def test_what_failed_or_never_ran_is_run_and_nothing_else(project: Project) -> None:
    project.write(good=good(), bad=script("exit 1"), other=script("exit 2"))
    project.run("test=good,bad")
    project.write(good=good(), bad=script("exit 0"), other=script("exit 2"))
    assert set(project.run("--failed")) == {"bad"}
    assert project.booted() == ["bad"]
    project.run("--failed")
    assert "nothing to do" in project.done.stdout
    project.write(good=good(), bad=script("exit 0"), other=script("exit 2"), new=good())
    project.run()
    assert set(project.run("--failed")) == {"other"}
    project.write(good=good(), other=script("exit 2"), newest=good())
    assert set(project.run("--failed", "test=good,other,newest")) == {"other", "newest"}


def test_the_parts_of_a_run_fit_together_and_are_balanced_by_time(project: Project) -> None:
    axes = {"n": list("123456"), **(HOST if project.where == "host" else scripted()["axes"])}
    test = script("sleep 0.{n}; echo SUCCESS", unikernel="kernel")
    test["runner"]["command"][2] = "sleep 0.$1"
    test["args"] = ["{n}"]
    write_matrix(project.folder, scripted(axes, t={**test, "unikernel": "kernel"}))
    project.run()
    times = json.loads((project.folder / "out/times.json").read_text())
    found = []
    for part in ("1/2", "2/2"):
        project.run("--shard", part)
        found.append([entry.event["boot"] for entry in journal.read(runs(project.folder / "out")[-1]) if entry.length])
    assert sorted(found[0] + found[1]) == sorted(key for key in times if "/" in key)
    first, second = (sum(times[boot] for boot in part) for part in found)
    assert abs(first - second) < 0.5 * max(first, second)
    assert json.loads((project.folder / "out/times.json").read_text()) == times


def test_a_part_without_cells_is_said(project: Project) -> None:
    project.write(t=good())
    done = bootmatrix("run", "--engine", "host", "--shard", "2/2", cwd=project.folder)
    assert done.returncode == 2
    assert "shard 2/2 is empty" in done.stderr


def test_the_longest_of_the_last_run_is_begun_first(tmp_path: Path) -> None:
    project = Project(tmp_path, "host")
    lengths = {"a": 0.1, "b": 0.9, "c": 0.3, "d": 1.8}
    project.write(**{name: script(f"sleep {seconds}") for name, seconds in lengths.items()})
    project.run("-j", "1")
    assert project.booted() == ["a", "b", "c", "d"]
    project.run("-j", "1")
    assert project.booted() == ["d", "b", "c", "a"]


def test_a_test_that_needs_more_memory_than_there_is_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path, "host")
    project.write(small=good(memory="16 MiB"), large=good(memory="1 GiB"))
    found = project.run("--mem", "512 MiB")
    assert {name: result.verdict for name, result in found.items()} == {"small": "passed", "large": "skipped"}
    assert "--mem" in found["large"].reason
    done = bootmatrix("run", "--mem", "lots", cwd=tmp_path)
    assert (done.returncode, "'lots' is not a size with its unit" in done.stderr) == (2, True)


@pytest.mark.parametrize("again", ["--resume", "--failed"])
def test_what_the_infrastructure_kept_from_being_told_is_tried_again(tmp_path: Path, again: str) -> None:
    """A tender's interpreter is missing, and then it is there: though the run had come to its end."""
    tool = tmp_path / "tools/bin/tool"
    tool.parent.mkdir(parents=True)
    tool.write_text(f"#!{tmp_path}/interpreter\necho fine\n")
    tool.chmod(0o755)
    project = Project(tmp_path, "host")
    lost = {
        "runner": {"command": ["tool", "{unikernel}"], "prefix": str(tmp_path / "tools")},
        "expect": {"console": ["fine"]},
    }
    project.write(lost=lost, good=good())
    done = bootmatrix("run", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    assert (done.returncode, "1 passed, 1 error" in done.stdout) == (3, True), done.stdout + done.stderr
    (tmp_path / "interpreter").symlink_to("/bin/sh")
    found = project.run(again)
    assert project.done.returncode == 0, project.done.stdout
    assert found["lost"].verdict == "passed"
    count = 1 if again == "--resume" else 2
    assert (len(runs(tmp_path / "out")), project.booted()[-1]) == (count, "lost")
    with database.opened(tmp_path) as past:
        assert [one.verdict for one in past.points(past.nights(None, 1)) if one.test == "lost"] == ["passed"]


def test_two_boots_never_use_the_same_resource_in_two_runs_either(tmp_path: Path) -> None:
    from support import started  # noqa: PLC0415

    project = Project(tmp_path, "host")
    alone = script(f"mkdir {tmp_path}/lock || exit 9; sleep 0.05; rmdir {tmp_path}/lock", resources=["tap-{arch}"])
    named = {**alone, "resources": ["tap-x86_64", "tap-{arch}"]}
    project.write(**{f"t{number}": named if number % 2 else alone for number in range(8)})
    caches = [{"BOOTMATRIX_CACHE": str(tmp_path / cache)} for cache in ("cache", "another")]
    args = ("run", "--engine", "host", "-j", "4")
    with started(*args, cwd=tmp_path, **caches[0]) as one, started(*args, cwd=tmp_path, **caches[1]) as other:
        assert [process.communicate(timeout=60)[0] and process.returncode for process in (one, other)] == [0, 0]
    for run in runs(tmp_path / "out"):
        assert set(map(tuple, told(run).values())) == {("passed",)}
