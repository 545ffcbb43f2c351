"""The host as a place: for trusted code only, since nothing but a process group holds a job."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.place import CHUNK, CONSOLE, END, TENDER, Exit, Job, Mount, Place, Process

if TYPE_CHECKING:
    from collections.abc import Iterator


GONE = 5.0  # seconds that a killed process group has to disappear


class LocalPlace(Place):
    name = "this host"

    def mount(self, source: Path, inside: str, *, writable: bool = False) -> Mount:
        del inside
        return Mount(source.resolve(), str(source.resolve()), writable)

    @contextlib.contextmanager
    def start(self, job: Job) -> Iterator[Process]:
        with tempfile.TemporaryDirectory(prefix="bootmatrix-", ignore_cleanup_errors=True) as scratch:
            process = LocalProcess(job, scratch)
            try:
                yield process
            finally:
                process.close()

    def command_line(self, job: Job) -> list[str]:
        assigned = [f"{key}={value}" for key, value in job.env.items()]
        command = shlex.join([*(["env", *assigned] if assigned else []), *job.argv])
        return [command if job.workdir == "/tmp" else f"cd {shlex.quote(job.workdir)} && {command}"]  # noqa: S108


class LocalProcess(Process):
    """A process group of its own, with two threads that carry its output."""

    def __init__(self, job: Job, scratch: str) -> None:
        super().__init__()
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": scratch,
            "TMPDIR": scratch,
            "LANG": "C.UTF-8",
            **job.env,
        }
        workdir = scratch if job.workdir == "/tmp" else job.workdir  # noqa: S108
        try:
            self._child = subprocess.Popen(
                job.argv,
                cwd=workdir,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise InfrastructureError(f"{job.argv[0]} cannot be started: {error.strerror}") from None
        assert self._child.stdout is not None  # noqa: S101
        assert self._child.stderr is not None  # noqa: S101
        self._pumps = [
            threading.Thread(target=self._pump, args=(CONSOLE, self._child.stdout), daemon=True),
            threading.Thread(target=self._pump, args=(TENDER, self._child.stderr), daemon=True),
        ]
        self._open = len(self._pumps)
        self._lock = threading.Lock()
        for pump in self._pumps:
            pump.start()

    def _pump(self, kind: str, stream: IO[bytes]) -> None:
        with stream:
            while chunk := os.read(stream.fileno(), CHUNK):
                self.output.put((kind, chunk))
        with self._lock:
            self._open -= 1
            last = self._open == 0
        if last:
            self.output.put((END, b""))

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)

    def wait(self) -> Exit:
        code = self._child.wait()
        return Exit(code) if code >= 0 else Exit(None, signal.Signals(-code).name)

    def close(self) -> None:
        """End what is left of the group: a child that outlived the first process holds the pipes open."""
        self.kill()
        self._child.wait()
        self._await_group()
        while any(pump.is_alive() for pump in self._pumps):
            while not self.output.empty():
                self.output.get_nowait()
            for pump in self._pumps:
                pump.join(timeout=0.01)

    def _await_group(self) -> None:
        """A killed process is gone a little later than the call that kills it."""
        end = time.monotonic() + GONE
        while time.monotonic() < end and _lives(self._child.pid):
            time.sleep(0.002)


def _lives(group: int) -> bool:
    """Whether a process group has a member that is more than a zombie (proc(5): state and pgrp follow the name)."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, pgrp = file.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state not in "ZX":
                return True
    return False


def find_program(name: str, prefix: str = "") -> str | None:
    """The path of a program on this host."""
    from shutil import which  # noqa: PLC0415

    return which(name, path=str(Path(prefix) / "bin")) if prefix else which(name)
