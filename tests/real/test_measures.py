"""What a run keeps besides verdicts: metrics, memory, sizes, digests; and what it makes of a quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, script, scripted, write_matrix

from bootmatrix import host, results

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result, Run
    from bootmatrix.toolchains.toolchain import Image

HOST = {"backend": ["command"], "ocaml": ["4.14", "5.3"]}
HEAP = {"heap": {"regex": r"heap=(\d+)", "unit": "words", "better": "lower"}, "never": r"never=(\d+)"}
ENTRY = {"match": {"test": "b*"}, "owner": "@team", "reason": "it loses interrupts", "until": "9999-12-31"}


def ran(folder: Path, *args: str, status: int = 0) -> tuple[Run, str]:
    done = bootmatrix("run", *args, cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache"))
    assert done.returncode == status, done.stdout + done.stderr
    return results.load(folder / "out/latest/results.json"), done.stdout + done.stderr


def by_test(run: Run) -> dict[str, Result]:
    return {result.test: result for result in run.results}


def test_metrics_size_and_the_hosts_class_are_kept(tmp_path: Path) -> None:
    matrix = scripted(HOST, t=script("echo heap=1; echo heap=42", metrics=HEAP))
    size = write_matrix(tmp_path, matrix).stat().st_size  # it is the unikernel, too
    run, _ = ran(tmp_path, "--engine", "host", "ocaml=5.3")
    (result,) = run.results
    assert {m.name: (m.value, m.unit, m.better) for m in result.measures} == {
        "boot_time": (result.attempts[0].seconds, "s", "lower"),
        "first_byte_time": (result.attempts[0].phases[0].at, "s", "lower"),
        "unikernel_size": (size, "B", "lower"),
        "heap": (42, "words", "lower"),
    }
    assert (result.host, result.digest) == (host.kind(), "")
    assert (run.axes, run.partial) == (("backend", "ocaml"), True)


@pytest.mark.docker
def test_memory_and_the_images_digest_are_kept(tmp_path: Path, debian_12: Image) -> None:
    assert debian_12
    write_matrix(tmp_path, scripted(t=script("head -c 33554432 /dev/zero | tail -c 33554432 >/dev/null")))
    run, _ = ran(tmp_path)
    (result,) = run.results
    assert result.attempts[0].memory > 32 << 20
    assert result.digest.startswith("sha256:")
    assert not run.partial


def test_a_test_in_quarantine_fails_no_run(tmp_path: Path) -> None:
    flaky = script('test "$1" = 2', args=["{attempt}"], retry={"attempts": 2})
    matrix = scripted({"backend": ["command"]}, a=script("true"), bad=script("exit 3"), bflaky=flaky)
    write_matrix(tmp_path, {**matrix, "quarantine": [ENTRY]})
    run, said = ran(tmp_path, "--engine", "host", "--fail-on-flaky")
    told = by_test(run)
    assert {test: result.verdict for test, result in told.items()} == {
        "a": "passed",
        "bad": "quarantined",
        "bflaky": "quarantined",
    }
    assert told["bad"].reason.startswith("it loses interrupts (@team, until 9999-12-31): failed: exited(3)")
    assert "2 quarantined" in said


def test_a_quarantine_that_is_over_fails_the_run_loudly(tmp_path: Path) -> None:
    matrix = scripted({"backend": ["command"]}, a=script("true"), b=script("true"))
    write_matrix(tmp_path, {**matrix, "quarantine": [{**ENTRY, "until": "2020-01-31"}]})
    run, said = ran(tmp_path, "--engine", "host", status=1)
    assert {test: result.verdict for test, result in by_test(run).items()} == {"a": "passed", "b": "error"}
    assert said.count("the quarantine (owner: @team) ended on 2020-01-31: remove it, or extend it") >= 2
    assert "matrix.yaml:" in said
