"""A container engine that goes away in the middle of a run, and comes back or does not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from support import runs, script, scripted, started, told, write_matrix

from bootmatrix import bases, results
from bootmatrix.places import engine
from bootmatrix.places.settings import LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.toolchain import Image

pytestmark = pytest.mark.docker
TESTS = 60


class Daemon:
    """A Docker Engine of the test's own, with Debian's base and nothing else; its containerd lives on without it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = f"unix://{folder}/docker.sock"
        folders = [f"--{name}={folder}/containerd-{name}" for name in ("root", "state")]
        self.containerd = self._spawn("containerd", f"--address={folder}/containerd.sock", *folders)
        self.process = self._spawn_engine()

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def _spawn_engine(self) -> subprocess.Popen[bytes]:
        (self.folder / "pid").unlink(missing_ok=True)
        folders = [f"--{name}={self.folder}/{name}" for name in ("data-root", "exec-root")]
        more = [f"--containerd={self.folder}/containerd.sock", f"--pidfile={self.folder}/pid"]
        network = ["--bridge=none", "--iptables=false", "--ip6tables=false"]
        apart = ["unshare", "--net"]  # without a bridge it would remove that of the host's own engine
        process = self._spawn(*apart, "dockerd", f"--host={self.socket}", *folders, *more, *network)
        while self.docker("version").returncode:
            assert process.poll() is None, (self.folder / "log").read_text()[-2000:]
        return process

    def docker(self, *args: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["docker", f"--host={self.socket}", *args], capture_output=True, check=False)

    def start(self) -> None:
        self.process = self._spawn_engine()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(timeout=60)

    def remove(self) -> None:
        """All that it started and mounted."""
        self.stop()
        self.containerd.terminate()
        self.containerd.wait(timeout=60)
        for process in psutil.process_iter(["cmdline"]):
            if any(str(self.folder) in word for word in process.info["cmdline"] or []):
                process.kill()
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if line.split()[1].startswith(str(self.folder)):
                subprocess.run(["umount", "--lazy", line.split()[1]], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def daemon(debian_12: Image) -> Iterator[Daemon]:
    if os.getuid() or not shutil.which("dockerd"):
        pytest.skip("a second Docker Engine cannot be started here: that needs root and dockerd")
    found = Daemon(Path(tempfile.mkdtemp(prefix="engine-")))  # a socket's path has 108 characters at the most
    base = next(tag for tag in (bases.of(debian_12)[0].name, bases.of(debian_12)[0].stand_in) if engine.image(tag))
    with subprocess.Popen(["docker", "save", base], stdout=subprocess.PIPE) as saved:
        subprocess.run(["docker", f"--host={found.socket}", "load", "-q"], stdin=saved.stdout, check=True)
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
