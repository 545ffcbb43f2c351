"""What a run says of its failures is enough: where, why, and the whole command that repeats them."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, script, scripted, started, write_matrix

from bootmatrix import results

if TYPE_CHECKING:
    from pathlib import Path

HERE = {"backend": ["command"]}
BROKEN = "gcc -c bad.c || { for n in $(seq 99); do echo cleaning $n; done; exit 2; }"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose matrix, of guests on this host, is `ci/other.yaml`."""
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci/x").write_text("a unikernel")
    return tmp_path


def run(
    project: Path, *more: str, axes: dict[str, Any] | None = None, **tests: Any
) -> subprocess.CompletedProcess[str]:
    builds = tests.pop("builds", {})
    matrix = scripted(HERE if axes is None else axes, **tests)
    file = write_matrix(project / "ci", {**matrix, "builds": builds} if builds else matrix)
    file.rename(file.with_name("other.yaml"))
    return bootmatrix("run", "--engine", "host", "-C", "ci", "-f", "other.yaml", *more, cwd=project)


def test_a_failed_boot_is_told_with_its_console_its_file_and_the_whole_command(project: Path) -> None:
    bad = script("i=0; while [ $i -lt 50 ]; do echo line $i; i=$((i+1)); done; printf '\\033[31mPANIC\\033[0m'; exit 3")
    bad["unikernel"] = "x"
    done = run(project, bad=bad)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    at = lines.index("command/bad: failed: exited(3) instead of exited(0)")
    path = re.fullmatch(r"    (ci/out/\S+/consoles/command/bad/1.console.log) ends:", lines[at + 1])
    assert path
    assert (project / path[1]).read_text().startswith("line 0\n")
    assert lines[at + 2 : at + 12] == [*(f"    | line {n}" for n in range(41, 50)), "    | PANIC"]
    command = lines[at + 12].removeprefix("    repeat it: ")
    assert command == "bootmatrix repro command/bad --engine host -C ci -f other.yaml"
    repeat = [sys.executable, "-m", *shlex.split(command)]
    repeated = subprocess.run(repeat, cwd=project, capture_output=True, text=True, check=True)
    assert "line $i" in repeated.stdout


def test_annotations_point_to_the_test_from_the_top_of_the_repository(project: Path) -> None:
    fails = script("exit 3", unikernel="x")
    run(project, good=script("exit 0", unikernel="x"), bad=fails)
    out = project / "ci/out/latest"
    line = (project / "ci/other.yaml").read_text().split("\n").index("  bad:") + 1
    assert f"file=ci/other.yaml,line={line},col=3::" in (out / "annotations.txt").read_text()
    assert [each.where for each in results.load(out / "results.json").results][1] == f"ci/other.yaml:{line}:3"
    merged = bootmatrix("merge", "ci/out", "-C", "ci", "-f", "other.yaml", "--out", "all", cwd=project)
    assert merged.returncode == 1, merged.stderr
    told = [(each.where, each.repro) for each in results.load(project / "all/latest/results.json").results]
    assert told[1] == (f"ci/other.yaml:{line}:3", "bootmatrix repro command/bad --engine host -C ci -f other.yaml")
    bootmatrix("merge", "ci/out", "-C", "ci", "-f", "other.yaml", "--out", "told", "--as-told", cwd=project)
    assert {each.where for each in results.load(project / "told/latest/results.json").results} == {""}
    assert "file=" not in (project / "told/latest/annotations.txt").read_text()


def test_a_pass_that_is_taken_again_is_repeated_as_it_was_asked_for_now(project: Path) -> None:
    good = script("exit 0", unikernel="x")
    run(project, good=good)
    (project / "ci/other.yaml").rename(project / "ci/matrix.yaml")
    done = bootmatrix("run", "--reuse", "--engine", "host", cwd=project / "ci")
    assert done.returncode == 0, done.stderr
    (again,) = results.load(project / "ci/out/latest/results.json").results
    assert (again.repro, again.where[:15]) == ("bootmatrix repro command/good --engine host", "ci/matrix.yaml:")


def test_a_failed_build_is_told_once_by_its_compilers_error(project: Path) -> None:
    (project / "ci/bad.c").write_text('#include "nope.h"\n')
    axes = {"backend": ["command"], "mine": [str(number) for number in range(20)]}
    build = {"b": {"run": BROKEN, "axes": []}}
    done = run(project, axes=axes, builds=build, hello=script("exit 0", unikernel="x"))
    assert done.returncode == 1, done.stderr
    (first,) = re.findall(r"^build b failed: (.*)$", done.stdout, re.MULTILINE)
    assert first.startswith("build b ended with status 2: bad.c:1:10: fatal error: nope.h: No such file")
    told = done.stdout[done.stdout.rindex("\n\n") :]
    assert told.count("fatal error: nope.h") == 2  # as the reason, and where the log has it
    assert "(20 tests): error: build b ended with status 2: bad.c:1:10: fatal error" in told
    assert re.search(r"\n    ci/out/\S+/logs/build-b.log, line 1:\n    bad.c:1:10: fatal error", told)
    assert '\n        1 | #include "nope.h"\n' in told
    for name in ("junit.xml", "report.json", "results.json", "index.html", "report.tap"):
        text = (project / "ci/out/latest" / name).read_text()
        assert text.count("cleaning 1") <= 1, name


def test_a_run_that_is_interrupted_names_what_goes_on_with_it(project: Path) -> None:
    file = write_matrix(project, scripted(HERE, slow=script("echo begun; sleep 600")))
    command = ["run", "-v", "--engine", "host", "-f", str(file), "--out", "a b"]
    with started(*command, cwd=project) as process:
        assert process.stdout
        told = next(line for line in process.stdout if line.endswith("| begun\n"))
        process.send_signal(signal.SIGINT)
        told += process.stdout.read()
    assert process.returncode == 130
    (line,) = re.findall(r"^    resume it: (.*)$", told, re.MULTILINE)
    assert line == f"bootmatrix run --resume -f {file} --out 'a b'"
