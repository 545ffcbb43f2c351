"""Soaks as users run them: checks go round as load, a guest that ends too soon fails, and a killed soak begins anew."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, script, scripted, started, told, write_matrix

from bootmatrix import results

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result

HOST = {"backend": ["command"]}
ASKED = [{"console": {"send": "ping", "expect": "pong"}, "within": "20 s"}]
HEAP = {"live": {"regex": r"pong (\d+)", "unit": "objects", "series": True}}
SOAK: dict[str, Any] = {"soak": {"duration": "2 s", "sample": "100 ms", "warmup": "0 s"}, "checks": ASKED}
ECHO = "n=0; while read line; do n=$((n + 1)); echo pong $n; done"


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Result]]:
    """The run's folder, and its results."""
    folder = tmp_path_factory.mktemp("soak")
    few = ECHO.replace("echo pong", "test $n -gt 5 || echo pong")
    tests = {
        "good": script(ECHO, metrics=HEAP, **SOAK),
        "tired": script(few, **{**SOAK, "checks": [{**ASKED[0], "within": "3 s"}]}),
        "ends": script("echo pong; sleep 0.5", soak=SOAK["soak"]),
        "ready": script("sleep 0.7; echo ready; exec sleep 60", soak=SOAK["soak"], ready="ready"),
        "exits": script("sleep 2.5", soak=SOAK["soak"], expect={"outcome": "exited(0)"}),
    }
    write_matrix(folder, scripted(HOST, **tests))
    done = bootmatrix("run", "--engine", "host", "-j", "5", cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache"))
    assert done.returncode == 1, done.stdout + done.stderr
    run = results.load(folder / "out/latest/results.json")
    return folder / "out/latest", {result.test: result for result in run.results}


def test_checks_go_round_until_the_time_is_over(soaked: tuple[Path, dict[str, Result]]) -> None:
    result = soaked[1]["good"]
    (attempt,) = result.attempts
    (check,) = attempt.checks
    assert (result.verdict, str(attempt.outcome)) == ("passed", "stopped")
    assert int(check.report.rpartition("rounds=")[2]) > 2
    assert 2 <= attempt.seconds < 20
    folder, name = soaked[0], next(name for name in attempt.files if name.endswith(".series.csv"))
    numbers = [float(line.split(",")[2]) for line in (folder / name).read_text().splitlines()[1:]]
    assert numbers == sorted(numbers)
    assert len(numbers) > 2


def test_a_guest_that_stops_to_answer_fails_then(soaked: tuple[Path, dict[str, Result]]) -> None:
    result = soaked[1]["tired"]
    assert result.verdict == "failed"
    assert "(after it had passed 5 times)" in result.reason


def test_a_guest_that_ends_before_fails(soaked: tuple[Path, dict[str, Result]]) -> None:
    result = soaked[1]["ends"]
    assert result.verdict == "failed"
    assert "before its soak of 2.00 s was over, after " in result.reason


def test_the_time_counts_from_when_it_is_ready(soaked: tuple[Path, dict[str, Result]]) -> None:
    result = soaked[1]["ready"]
    assert result.verdict == "passed"
    assert result.seconds >= 2.7


def test_a_guest_may_end_by_itself_after_its_soak(soaked: tuple[Path, dict[str, Result]]) -> None:
    assert (soaked[1]["exits"].verdict, soaked[1]["exits"].reason) == ("passed", "exited(0)")


def test_a_killed_soak_begins_anew_and_says_so(tmp_path: Path) -> None:
    short, long = (script("exec sleep 60", soak=duration) for duration in ("100 ms", "3 s"))
    write_matrix(tmp_path, scripted(HOST, short=short, long=long))
    cache = {"BOOTMATRIX_CACHE": str(tmp_path / "cache")}
    with started("run", "--engine", "host", "-j", "2", cwd=tmp_path, **cache) as process:
        end = time.monotonic() + 60
        while not any("boot finished" in file.read_text() for file in tmp_path.glob("out/2*/events.jsonl")):
            assert time.monotonic() < end
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    done = bootmatrix("run", "--resume", cwd=tmp_path, **cache)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert "command/long: its soak of 3.00 s was not finished, and begins anew" in said
    assert "command/short: its soak" not in said
    (run,) = {file.parent for file in tmp_path.glob("out/2*/events.jsonl")}
    assert told(run)["long"][-1] == "passed"
