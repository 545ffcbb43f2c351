"""A run that is killed, again and again, and goes on: the right verdicts, each told once, and nothing left behind."""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from support import bootmatrix, runs, script, scripted, started, told, write_matrix

from bootmatrix import host, results
from bootmatrix.places.containers import engine
from bootmatrix.places.containers.settings import LABEL

if TYPE_CHECKING:
    from pathlib import Path

    from warm import Started

    from bootmatrix.toolchains.toolchain import Image

MOMENTS = {"host": 20, "docker": 10}  # on this host they cost a tenth
TESTS = 40
HOST = {"backend": ["command"]}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"BOOTMATRIX_CACHE": str(tmp_path / "cache")}


def matrix(axes: dict[str, Any] | None) -> dict[str, Any]:
    tests = {f"good-{n}": script(f"echo up; sleep 0.0{n % 7}; echo SUCCESS") for n in range(TESTS // 2)}
    tests |= {f"bad-{n}": script(f"sleep 0.0{n % 5}; exit 3") for n in range(TESTS // 2)}
    found = scripted(axes, **tests)
    found["builds"] = {"it": {"run": "cp matrix.copy $OUT/it", "axes": []}}
    for fields in found["tests"].values():
        fields |= {"unikernel": "it", "build": "it"}
    return found


def lines(out: Path) -> int:
    """How far the newest run's journal is."""
    found = runs(out)
    return len((found[-1] / "events.jsonl").read_bytes().splitlines()) if found else 0


def killed_at(process: Started, out: Path, wanted: int) -> bool:
    """Kill it when its journal has so many lines; whether it lived until then."""
    while lines(out) < wanted:
        if process.poll() is not None:
            return False
        time.sleep(0.001)  # how often the moment is looked for, not when it is
    process.send_signal(signal.SIGKILL)
    return True


def leftovers(run: str) -> dict[str, int]:
    marked = [p for p in psutil.process_iter(["environ"]) if (p.info["environ"] or {}).get(host.RUN_MARK) == run]
    found = {"processes": len(marked)}
    if engine.answers():
        found["containers"] = len(engine.client().containers(all=True, filters={"label": f"{LABEL}={run}"}))
    return found


@pytest.mark.parametrize("where", ["host", pytest.param("docker", marks=pytest.mark.docker)])
def test_a_run_that_is_killed_at_any_moment_goes_on(
    tmp_path: Path, env: dict[str, str], where: str, debian_12: Image
) -> None:
    assert debian_12
    write_matrix(tmp_path, matrix(HOST if where == "host" else None))
    (tmp_path / "matrix.copy").write_text("a unikernel")
    out, chosen, kills, before = tmp_path / "out", random.Random(4711), 0, 0  # noqa: S311  # no secret
    args = ["run", "--engine", where, "-j", "3"]
    for _ in range(MOMENTS[where]):
        with started(*args, *(["--resume"] if kills else []), cwd=tmp_path, **env) as process:
            alive = killed_at(process, out, before + chosen.randint(1, 10))
        if not alive:
            break
        kills, before = kills + 1, lines(out)
    assert kills >= MOMENTS[where] // 2
    done = bootmatrix(*args, "--resume", cwd=tmp_path, **env)
    (run,) = runs(out)
    if done.returncode == 2:
        assert "is complete" in done.stderr
    verdicts = told(run)
    assert {name: found for name, found in verdicts.items() if len(found) != 1} == {}
    expected = {name: "passed" if name.startswith("good") else "failed" for name in matrix(HOST)["tests"]}
    assert {name: found[0] for name, found in verdicts.items()} == expected
    stored = results.load(run / "results.json")
    assert [result.test for result in stored.results] == list(expected)
    assert not any(leftovers(run.name).values())
    assert list((tmp_path / "cache" / "work").iterdir()) == []


def test_a_run_that_is_resumed_must_be_the_same(tmp_path: Path, env: dict[str, str]) -> None:
    write_matrix(tmp_path, scripted(HOST, quick=script("true"), slow=script("sleep 60")))
    with started("run", "--engine", "host", "-j", "1", cwd=tmp_path, **env) as process:
        killed_at(process, tmp_path / "out", 4)
    write_matrix(tmp_path, scripted(HOST, quick=script("true"), slow=script("sleep 61")))
    done = bootmatrix("run", "--resume", cwd=tmp_path, **env)
    assert done.returncode == 2
    assert "an image has changed" in done.stderr
    assert "--reuse" in done.stderr


@pytest.mark.parametrize("more", [["test=quick"], ["--shard", "1/2"], ["--failed"]])
def test_what_was_asked_before_cannot_be_asked_again(tmp_path: Path, env: dict[str, str], more: list[str]) -> None:
    write_matrix(tmp_path, scripted(HOST, quick=script("true")))
    done = bootmatrix("run", "--resume", *more, cwd=tmp_path, **env)
    assert done.returncode == 2
    assert "--resume keeps the options of its run" in done.stderr


def test_an_interrupted_run_goes_on_with_what_it_left(tmp_path: Path, env: dict[str, str]) -> None:
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    waits = script(f"touch {begun}; test -e {gate} || sleep 600")
    write_matrix(tmp_path, scripted(HOST, first=script("true"), second=waits, third=waits))
    args = ("run", "--engine", "host", "-j", "1")
    with started(*args, cwd=tmp_path, **env) as process:
        while not begun.exists():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 130
    gate.touch()
    done = bootmatrix(*args, "--resume", cwd=tmp_path, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = runs(tmp_path / "out")
    assert told(run) == {"first": ["passed"], "second": ["passed"], "third": ["passed"]}
    assert len(results.load(run / "results.json").results) == 3


def test_two_runs_in_one_folder_do_not_harm_each_other(tmp_path: Path, env: dict[str, str]) -> None:
    write_matrix(tmp_path, matrix(HOST))
    (tmp_path / "matrix.copy").write_text("a unikernel")
    args = ("run", "--engine", "host", "-j", "2")
    with started(*args, cwd=tmp_path, **env) as one, started(*args, cwd=tmp_path, **env) as other:
        for process in (one, other):
            said, _ = process.communicate(timeout=120)
            assert process.returncode == 1, said
    found = runs(tmp_path / "out")
    assert len(found) == 2
    for run in found:
        assert all(len(verdicts) == 1 for verdicts in told(run).values())
        assert len(told(run)) == TESTS
    assert (tmp_path / "out/latest").resolve() in found
    assert len(list((tmp_path / "cache" / "builds").iterdir())) == 1
