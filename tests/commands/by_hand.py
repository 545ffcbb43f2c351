"""Tests that are booted by hand, by what `repro` prints, and what is typed there."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from networked import program
from support import OTHER_WITH_TAPS, PATHS, bootmatrix, others_python, scripted, write_matrix

from bootmatrix.places.containers import engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SECONDS = 60.0


class Project:
    """A repository whose test boots the small guest of `networked`: in docker, on this host, or there as other."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.root, self.kind, self.engine = folder, kind, "docker" if kind == "docker" else "host"
        self.test = "debian-12-x86_64-command/t" if kind == "docker" else "command/t"
        self.words = ["--engine", "host"] if self.engine == "host" else []
        (folder / "guest").write_bytes(program())
        (folder / "guest").chmod(0o755)
        guest = ["{unikernel}", *(f"{{net.service.{word}}}" for word in ("device", "guest", "mac")), ""]
        runner = {"command": ["sh", "-c", 'echo here 1<>"$1" && shift && exec "$@"', "sh", "{blocks.disk}", *guest]}
        small = {
            "unikernel": "guest",
            "ready": "attached",
            "runner": {"command": ["sh", "-c", 'exec "$@"', "sh", *guest]},
        }
        networked = {"unikernel": "guest", "runner": runner, "nets": {"service": "lan"}, "blocks": {"disk": "1 MiB"}}
        axes = None if kind == "docker" else {"backend": ["command"]}
        both = {"nets": {"service": "lan"}, "guests": {"one": small, "an-other": {**small, "after": "one"}}}
        matrix = scripted(axes, t=networked, both=both, plain={"runner": {"command": ["true"]}})
        write_matrix(folder, {**matrix, "nets": {"lan": {"mtu": 1400}}})
        more = {"BOOTMATRIX_CACHE": str(folder / "cache"), "PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1"}
        self.env = {**os.environ, **more}
        self.ourselves = [sys.executable, "-m", "bootmatrix"]
        self.before: list[str] = []
        self.python = sys.executable
        if kind == "other":
            self.before, self.python = list(OTHER_WITH_TAPS), others_python()
            self.ourselves = [*OTHER_WITH_TAPS, self.python, "-m", "bootmatrix"]
            self.env["PATH"] = "/usr/bin:/bin"  # without this user's own programs

    def printed(self, test: str = "") -> str:
        """What `repro` prints."""
        done = self.run("repro", test or self.test, *self.words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        if self.kind != "other":
            return bootmatrix(*args, cwd=self.root, BOOTMATRIX_CACHE=self.env["BOOTMATRIX_CACHE"])
        words = [*self.ourselves, *args]
        return subprocess.run(words, cwd=self.root, env=self.env, capture_output=True, text=True, check=False)

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """A line in a second terminal."""
        words = [*self.before, "sh", "-c", line]
        return subprocess.run(
            words, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    @contextlib.contextmanager
    def typed(self, line: str) -> Iterator[subprocess.Popen[str]]:
        """A line in a shell, as a terminal would start it; ended at the latest when that leaves."""
        with subprocess.Popen(
            [*self.before, "sh", "-c", line],
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)

    @contextlib.contextmanager
    def shelled(self, *args: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        """`bootmatrix shell` on a terminal, and our end of that; ended at the latest when this leaves."""
        ours, theirs = pty.openpty()
        words = [*self.ourselves, "shell", *args]
        with subprocess.Popen(
            words, cwd=self.root, env=self.env, stdin=theirs, stdout=theirs, stderr=theirs
        ) as process:
            os.close(theirs)
            try:
                yield process, ours
            finally:
                os.close(ours)
                process.terminate()


def until(stream: Any, what: str) -> str:
    said = ""
    while what not in said:
        line = stream.readline()
        assert line, said
        said += line
    return said


def containers(name: str) -> list[str]:
    """Those of networks by hand, by their names."""
    found = [text.strip("/") for each in engine.client().containers(all=True) for text in each["Names"]]
    return [text for text in found if text.startswith(name)]
