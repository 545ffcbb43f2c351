"""Guests that misbehave in every way, many of them: the right verdict for each, told once, and nothing left behind."""

from __future__ import annotations

import collections
import os
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from support import bootmatrix, late, runs, script, scripted, told, write_matrix

from bootmatrix import results
from bootmatrix.places.containers import engine
from bootmatrix.places.containers.settings import LABEL

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image

HOST = {"backend": ["command"]}
SUCCESS = {"console": "SUCCESS"}
LONG = f"4730.{os.getpid()}"  # seconds, as no other process sleeps so long: another worker may run these tests, too

# Each way to fail, what its verdict is, and 20 tests of each: a tenth of all is to fail in each way.
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "exits": ("failed", script("echo up; exit 4", expect=SUCCESS)),
    "crashes": ("failed", script("echo up; kill -SEGV $$", expect=SUCCESS)),
    "lies": ("contradicted", script("echo up; exit 0", expect=SUCCESS)),
    "hangs": ("timed out", script("echo up; sleep 600", timeout="500 ms", expect=SUCCESS)),
    "floods": ("timed out", script(f"exec yes SUCCESS {LONG}", console_limit="64 KiB", expect=SUCCESS)),
    "ignores SIGTERM": (
        "timed out",
        script("trap '' TERM INT HUP QUIT; while :; do sleep 600; done", timeout="500 ms", expect=SUCCESS),
    ),
    "forks": ("passed", script(f"(setsid sleep {LONG} &) ; sleep {LONG} & echo SUCCESS", expect=SUCCESS)),
    "closes its console": ("timed out", script("exec >&- 2>&-; sleep 600", timeout="500 ms", expect=SUCCESS)),
    "closes its console and ends": ("failed", script("exec >&- 2>&-; exit 5", expect=SUCCESS)),
    "says it in bytes": ("passed", script(r"printf '\377\000\033[31mSUCCESS\r\n'", expect=SUCCESS)),
}
EACH = 20


@pytest.mark.parametrize("where", ["host", pytest.param("docker", marks=pytest.mark.docker)])
def test_200_boots_of_which_a_tenth_fails_in_each_way(tmp_path: Path, where: str, debian_12: Image) -> None:
    assert debian_12
    tests = {f"{way.replace(' ', '-')}-{number}": fields for number in range(EACH) for way, (_, fields) in WAYS.items()}
    write_matrix(tmp_path, scripted(HOST if where == "host" else None, **tests))
    done = bootmatrix("run", "--engine", where, "-j", "8", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 1, done.stdout + done.stderr
    (run,) = runs(tmp_path / "out")
    expected = {name.replace(" ", "-"): verdict for name, (verdict, _) in WAYS.items()}
    found = told(run)
    assert {name: [expected[name.rpartition("-")[0]]] for name in tests} == found
    assert collections.Counter(verdict for (verdict,) in found.values()) == {
        verdict: count * EACH for verdict, count in collections.Counter(expected.values()).items()
    }
    assert _left(run.name) == []
    assert list((tmp_path / "cache" / "work").iterdir()) == []


def _left(run: str) -> list[object]:
    sleepers = [p.pid for p in psutil.process_iter(["cmdline"]) if LONG in (p.info["cmdline"] or ())]
    mine = engine.client().containers(all=True, filters={"label": f"{LABEL}={run}"}) if engine.answers() else []
    return [*sleepers, *mine]


@pytest.mark.parametrize("where", ["host", pytest.param("docker", marks=pytest.mark.docker)])
def test_a_boot_that_its_neighbours_starved_is_told_from_one_that_hung(
    tmp_path: Path, where: str, debian_12: Image
) -> None:
    """Seven keep the one processor that the eighth needs, until they end; it has its turn when it is tried again."""
    assert debian_12
    needy, idle = script(_burn(1), timeout="3 s"), script("sleep 1000", timeout="3 s")
    busy = script("taskset -c 0 timeout 3.5 sh -c 'while :; do :; done'; exit 0", params={"n": list("1234567")})
    write_matrix(tmp_path, scripted(HOST if where == "host" else None, busy=busy, needy=needy, idle=idle))
    done = bootmatrix("run", "--engine", where, "-j", "9", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    (run,) = runs(tmp_path / "out")
    found = {result.test: result for result in results.load(run / "results.json").results}
    hung = found.pop("idle")
    assert (hung.verdict, late(hung.reason)) == ("timed out", "no end in time"), done.stdout
    needed = found.pop("needy")
    assert {result.verdict for result in found.values()} == {"passed"}
    first, second = needed.attempts
    assert (first.starved, first.outcome.kind, second.number) == (True, "broken", 2)
    assert first.reason.startswith("starved of processor time: no end within 3.00 s, in which it had a processor for ")
    assert f"{needed.id}: {first.reason}; tried again at the end of the run, with 5" in done.stdout
    assert needed.verdict != "flaky"  # it passes, unless others keep this host as busy


def test_a_guest_with_more_threads_than_processors_is_not_starved_by_them(tmp_path: Path) -> None:
    spin = "while :; do :; done"
    threads = script(f"for i in 1 2 3; do ({spin}) & done; {spin}", timeout="1 s", params={"n": list("12")})
    write_matrix(tmp_path, scripted(HOST, threads=threads))
    bootmatrix("run", "--engine", "host", "-j", "2", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    (run,) = runs(tmp_path / "out")
    assert {verdict for told_of in told(run).values() for verdict in told_of} == {"timed out"}


def test_a_guest_that_its_neighbours_keep_from_going_on_has_not_ended(tmp_path: Path) -> None:
    """It prints a status, and on a host with nothing else to do tells another one within its grace."""
    early = script(_burn(0.6, "echo it failed; exit 3", "echo EXIT 0"), console_exit=r"EXIT (\d+)", timeout="2 min")
    busy = script("taskset -c 0 timeout 12 sh -c 'while :; do :; done'; exit 0", params={"n": list("1234567")})
    write_matrix(tmp_path, scripted(HOST, busy=busy, early=early))
    bootmatrix("run", "--engine", "host", "-j", "8", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    (run,) = runs(tmp_path / "out")
    (found,) = [result for result in results.load(run / "results.json").results if result.test == "early"]
    assert found.verdict == "contradicted", found.reason


def test_a_command_that_looks_at_a_disk_has_its_time_on_a_busy_host_too(tmp_path: Path) -> None:
    look = {"size": "1 MiB", "expect": {"command": ["sh", "-c", _burn(0.5), "{disk}"]}}
    disk = script("exit 0 # {blocks.data}", blocks={"data": look}, timeout="2 s")
    busy = script("taskset -c 0 timeout 10 sh -c 'while :; do :; done'; exit 0", params={"n": list("1234567")})
    write_matrix(tmp_path, scripted(HOST, busy=busy, disk=disk))
    bootmatrix("run", "--engine", "host", "-j", "8", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    (run,) = runs(tmp_path / "out")
    (found,) = [result for result in results.load(run / "results.json").results if result.test == "disk"]
    assert found.verdict == "passed", found.reason


def _burn(seconds: float, then: str = "exit 0", before: str = ":") -> str:
    """So many seconds of processor 0, by the shell's own count of it, in any image."""
    return (
        f"exec taskset -c 0 sh -c '{before}; while :; do i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done; read -r line"
        f" </proc/$$/stat; set -- ${{line#*) }}; [ ${{12}} -ge {seconds * 100:.0f} ] && break; done; {then}'"
    )
