"""The program in a process of its own that has its modules imported already, which is most of what a start costs.

A server imports them once for each of pytest's workers, and forks for each command, which has the streams, folder and
environment that it would have had. What a cold start does, other tests see: those that start the program beside
themselves, as another user, or with variables that Python reads before all else.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

MODULES = (
    "commands.run",
    "exporting.sending",
    "history.database",
    "matrix.load",
    "program.completion",
    "running.request",
    "running.run",
    "screen",
)
AT_THE_START = ("PYTHON", "LD_", "LC_", "LANG")  # variables that Python has read before it could fork
_SERVERS: list[subprocess.Popen[bytes]] = []  # kept, as their input ends with them
REQUEST = 1 << 20  # bytes
TIMEOUT = 900.0  # seconds


def run(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """As `python -m bootmatrix`, without a terminal."""
    argv, everything = [sys.executable, "-m", "bootmatrix", *args], {**os.environ, **env}
    if any(name.startswith(AT_THE_START) for name in env):
        silent: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
        return subprocess.run(argv, cwd=cwd, env=everything, timeout=TIMEOUT, check=False, **silent)
    out, errors = _Text(), _Text()
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(_server())
        asked = json.dumps([args, str(cwd), everything]).encode()
        socket.send_fds(channel, [asked], [out.end, errors.end])
        for stream in (out.end, errors.end):
            os.close(stream)
        status = _status(channel, argv)
    return subprocess.CompletedProcess(argv, status, out.text(), errors.text())


class _Text:
    """What comes through a pipe, read meanwhile; `end` is where to write."""

    def __init__(self) -> None:
        reading, self.end = os.pipe()
        self._said = b""
        self._reader = threading.Thread(target=self._read, args=(reading,), daemon=True)
        self._reader.start()

    def _read(self, reading: int) -> None:
        with open(reading, "rb") as stream:
            self._said = stream.read()

    def text(self) -> str:
        self._reader.join()
        return self._said.decode().replace("\r\n", "\n").replace("\r", "\n")


def _status(channel: socket.socket, argv: list[str]) -> int:
    channel.settimeout(TIMEOUT)
    with channel.makefile() as lines:
        process = int(lines.readline())
        try:
            return int(lines.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(argv, TIMEOUT) from None


@functools.cache
def _server() -> str:
    """The address of this process's server, which ends with it."""
    address = f"\0bootmatrix-warm-{os.getpid()}"
    here = str(Path(__file__).parent)
    program = f"import sys; sys.path.insert(1, {here!r}); import warm; warm.serve({address!r})"
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    _SERVERS.append(process)
    return address


def stop() -> None:
    """The server of this process."""
    for server in _SERVERS:
        server.communicate()


def serve(address: str) -> None:
    """Until its standard input ends, as it does with the process that has started it; raises what a command raises."""
    for name in MODULES:
        importlib.import_module(f"bootmatrix.{name}")
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        os.write(1, b"ready\n")
        while listening in select.select([listening, sys.stdin], [], [])[0]:
            channel, _ = listening.accept()
            if not os.fork():
                break
            channel.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
        else:
            return
    asked, streams, _, _ = socket.recv_fds(channel, REQUEST, 2)
    process = os.fork()
    if process:
        for stream in streams:
            os.close(stream)
        channel.sendall(f"{process}\n".encode())
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        channel.sendall(f"{status}\n".encode())
        os._exit(0)
    channel.close()
    _become(*json.loads(asked), *streams)


def _become(args: list[str], cwd: str, env: dict[str, str], out: int, errors: int) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for target, stream in enumerate((os.open(os.devnull, os.O_RDONLY), out, errors)):
        os.dup2(stream, target)
    os.closerange(3, max(out, errors) + 1)
    sys.argv, sys.path[:2] = ["-m", *args], [cwd]
    runpy._run_module_as_main("bootmatrix")  # type: ignore[attr-defined]  # noqa: SLF001  # what `python -m` does
