"""A container engine that goes away in the middle of a run, and comes back or does not."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import daemons
import pytest
from daemons import Daemon
from support import runs, script, scripted, started, told, write_matrix

from bootmatrix import results
from bootmatrix.places.containers.settings import LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.toolchains.toolchain import Image

pytestmark = pytest.mark.docker
TESTS = 30


@pytest.fixture(scope="module")
def daemon(debian_12: Image) -> Iterator[Daemon]:
    daemons.needed()
    found = Daemon(Path(tempfile.mkdtemp(prefix="engine-")))  # a socket's path has 108 characters at the most
    found.load(daemons.base_of(debian_12))
    yield found
    found.remove()


def project(folder: Path, seconds: str) -> dict[str, str]:
    """A matrix of many short boots in an image that is only Debian's base."""
    image = folder / "images" / "plain"
    image.mkdir(parents=True)
    (image / "Dockerfile").write_text("ARG BASE=debian:bookworm-slim\nFROM ${BASE}\n")
    (image / "image.yaml").write_text("base: {suite: bookworm}\n")
    tests = {f"t{n}": script(f"sleep {seconds}; echo SUCCESS", expect={"console": "SUCCESS"}) for n in range(TESTS)}
    write_matrix(folder, scripted({"os": ["plain"], "backend": ["command"]}, **tests))
    return {"BOOTMATRIX_CACHE": str(folder / "cache")}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_daemon_that_is_started_anew_costs_no_verdict(tmp_path: Path, daemon: Daemon, number: signal.Signals) -> None:
    env = {**project(tmp_path, "0.1"), "DOCKER_HOST": daemon.socket}
    with started("run", "-j", "3", cwd=tmp_path, **env) as process:
        assert process.stdout is not None
        seen = 0
        while seen < 10:
            seen += "/t" in process.stdout.readline()
        daemon.stop(number)
        daemon.start()
        rest, _ = process.communicate(timeout=300)
    assert process.returncode == 0, rest
    (run,) = runs(tmp_path / "out")
    verdicts = told(run)
    assert len(verdicts) == TESTS
    assert {tuple(found) for found in verdicts.values()} <= {("passed",), ("flaky",)}
    assert sum(found == ["flaky"] for found in verdicts.values()) <= 3
    for result in results.load(run / "results.json").results:
        assert {attempt.outcome.kind for attempt in result.attempts[:-1]} <= {"broken"}
    assert daemon.docker("ps", "-aq", f"--filter=label={LABEL}").stdout == b""


def test_a_daemon_that_does_not_come_back_stops_the_run_which_can_go_on_later(tmp_path: Path, daemon: Daemon) -> None:
    env = {**project(tmp_path, "0.1"), "DOCKER_HOST": daemon.socket, "BOOTMATRIX_PATIENCE": "2"}
    with started("run", "-j", "3", cwd=tmp_path, **env) as process:
        assert process.stdout is not None
        seen = 0
        while seen < 10:
            seen += "/t" in process.stdout.readline()
        daemon.stop()
        rest, _ = process.communicate(timeout=300)
    assert process.returncode == 3, rest
    assert "has not answered" in rest
    assert "--resume" in rest
    (run,) = runs(tmp_path / "out")
    before = told(run)
    assert 10 <= len(before) < TESTS
    daemon.start()
    with started("run", "-j", "3", "--resume", cwd=tmp_path, **env) as process:
        rest, _ = process.communicate(timeout=300)
    assert process.returncode == 0, rest
    assert {name: len(found) for name, found in told(run).items()} == {f"t{n}": 1 for n in range(TESTS)}
    assert daemon.docker("ps", "-aq", f"--filter=label={LABEL}").stdout == b""
