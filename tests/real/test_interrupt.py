"""The user wants to stop: all ends within seconds, whatever holds it; once more, and it ends at once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import daemons
import psutil
import pytest
from daemons import Daemon
from support import runs, script, scripted, started, told, write_matrix

from bootmatrix import results
from bootmatrix.program import leaving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warm import Started

    from bootmatrix.toolchains.toolchain import Image

MOST = 10.0  # seconds
HOLD = "trap '' INT TERM HUP; (setsid sleep 300 &); echo up; while :; do sleep 1; done"
HANGING_REPORT = """
import time
from bootmatrix.model import Report as Contract

class Report(Contract):
    filename = "slow.txt"
    def write(self, run, folder, target):
        (folder / "begun").touch()
        time.sleep(600)
"""


def until(process: subprocess.Popen[str] | Started, word: str) -> None:
    assert process.stdout is not None
    while word not in (line := process.stdout.readline()):
        assert line, "it ended before"


@contextlib.contextmanager
def reporting(folder: Path) -> Iterator[subprocess.Popen[str] | Started]:
    """A run that writes a report which never comes to its end."""
    (folder / "reports").mkdir()
    (folder / "reports" / "slow.py").write_text(HANGING_REPORT)
    with started("run", "--engine", "host", cwd=folder) as process:
        end = time.monotonic() + 120
        while not list((folder / "out").glob("*/begun")):
            assert process.poll() is None
            assert time.monotonic() < end, "no report was begun"
        yield process


def left(word: str) -> list[int]:
    """The processes with a word on their command lines."""
    return [each.pid for each in psutil.process_iter(["cmdline"]) if word in " ".join(each.info["cmdline"] or [])]


def project(folder: Path, hold: str = HOLD, **more: str) -> None:
    tests = {"quick": script("echo done"), "hold": script(hold, timeout="300 s")}
    write_matrix(folder, {**scripted({"backend": ["command"]}, **tests), **more})


def test_the_first_signal_leaves_the_results_and_the_reports(tmp_path: Path) -> None:
    mark = f"held-{os.getpid()}"
    project(tmp_path, f"{HOLD} # {mark}")
    with started("run", "--engine", "host", "-j", "1", "-v", cwd=tmp_path) as process:
        until(process, "up")
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert time.monotonic() - begun < MOST
    assert process.returncode == 130, rest
    assert left(mark) == []
    verdicts = {result.test: result.verdict for result in results.load(tmp_path / "out/latest/results.json").results}
    assert verdicts["hold"] == "skipped"
    assert (tmp_path / "out/latest/junit.xml").is_file()


def test_the_second_signal_ends_at_once_and_leaves_what_was_told(tmp_path: Path) -> None:
    """A format that never comes to its end keeps the run after the first signal."""
    project(tmp_path, "echo up")
    with reporting(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        until(process, "SIGINT: stopping")
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert time.monotonic() - begun < leaving.SECONDS - 2  # which the first signal allows
    assert process.returncode == 130, rest
    assert "--resume" in rest
    (run,) = runs(tmp_path / "out")
    assert told(run) == {"quick": ["passed"], "hold": ["passed"]}
    assert len(results.load(run / "results.json").results) == 2


def test_what_hangs_after_the_first_signal_is_left(tmp_path: Path) -> None:
    project(tmp_path, "echo up")
    with reporting(tmp_path) as process:
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
    assert time.monotonic() - begun < MOST
    assert process.returncode == 130, rest


@pytest.fixture
def daemon(debian_12: Image) -> Iterator[Daemon]:
    daemons.needed()
    found = Daemon(Path(tempfile.mkdtemp(prefix="engine-")))
    found.load(daemons.base_of(debian_12))
    yield found
    found.remove()


@pytest.mark.docker
def test_an_engine_that_hangs_does_not_hold_us(tmp_path: Path, daemon: Daemon) -> None:
    image = tmp_path / "images" / "plain"
    image.mkdir(parents=True)
    (image / "Dockerfile").write_text("ARG BASE=debian:bookworm-slim\nFROM ${BASE}\n")
    (image / "image.yaml").write_text("base: {suite: bookworm}\n")
    tests = {"quick": script("echo done"), "hold": script(HOLD, timeout="300 s")}
    write_matrix(tmp_path, scripted({"os": ["plain"], "backend": ["command"]}, **tests))
    env = {"BOOTMATRIX_CACHE": str(tmp_path / "cache"), "DOCKER_HOST": daemon.socket}
    with started("run", "-j", "1", "-v", cwd=tmp_path, **env) as process:
        until(process, "up")
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            begun = time.monotonic()
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=60)
        finally:
            daemon.process.send_signal(signal.SIGCONT)
    assert time.monotonic() - begun < MOST
    assert process.returncode == 130, rest
    found = results.load(tmp_path / "out/latest/results.json")
    assert found.interrupted
    assert {result.test for result in found.results} == {"quick", "hold"}


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(tmp_path: Path, number: signal.Signals) -> None:
    """As `nohup` and a shell's `&` want it."""
    project(tmp_path, "echo up; until [ -e go ]; do sleep 0.05; done; echo over".replace("go", str(tmp_path / "go")))
    words = ["env", f"--ignore-signal={number.name[3:]}", sys.executable, "-m", "bootmatrix"]
    with subprocess.Popen(
        [*words, "run", "--engine", "host", "-v"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        until(process, "up")
        process.send_signal(number)
        (tmp_path / "go").touch()
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert "stopping" not in rest
