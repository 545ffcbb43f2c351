"""A second container engine, which a test may stop, confuse and remove."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from bootmatrix.places.containers import engine
from bootmatrix.toolchains import bases

if TYPE_CHECKING:
    from bootmatrix.toolchains.toolchain import Image


def needed() -> None:
    """Skip the test where no second engine can be started."""
    if os.getuid() or not shutil.which("dockerd"):
        pytest.skip("a second Docker Engine cannot be started here: that needs root and dockerd")


def base_of(image: Image) -> str:
    """The tag of the base that the host's own engine has."""
    base = bases.of(image)[0]
    return next(tag for tag in (base.name, base.stand_in) if engine.image(tag))


class Daemon:
    """A Docker Engine of the test's own, with Debian's base and nothing else; its containerd lives on without it.

    `apart` is a command in front of both, such as `nsenter`, that puts them elsewhere.
    """

    def __init__(self, folder: Path, apart: tuple[str, ...] = ()) -> None:
        self.folder, self.apart = folder, apart
        self.socket = f"unix://{folder}/docker.sock"
        folders = [f"--{name}={folder}/containerd-{name}" for name in ("root", "state")]
        self.containerd = self._spawn("containerd", f"--address={folder}/containerd.sock", *folders)
        self.process = self._spawn_engine()

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen([*self.apart, *command], stdout=log, stderr=log, start_new_session=True)

    def _spawn_engine(self) -> subprocess.Popen[bytes]:
        (self.folder / "pid").unlink(missing_ok=True)
        folders = [f"--{name}={self.folder}/{name}" for name in ("data-root", "exec-root")]
        more = [f"--containerd={self.folder}/containerd.sock", f"--pidfile={self.folder}/pid"]
        network = ["--bridge=none", "--iptables=false", "--ip6tables=false"]
        alone = ["unshare", "--net"]  # without a bridge it would remove that of the host's own engine
        process = self._spawn(*alone, "dockerd", f"--host={self.socket}", *folders, *more, *network)
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

    def load(self, tag: str) -> None:
        """Bring an image from the host's own engine."""
        with subprocess.Popen(["docker", "save", tag], stdout=subprocess.PIPE) as saved:
            subprocess.run(["docker", f"--host={self.socket}", "load", "-q"], stdin=saved.stdout, check=True)

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
