"""The program in a process of its own that has its modules imported already, which is most of what a short run costs.

A server imports them for each of pytest's workers, and has read a matrix and written reports; it forks for each
command, which has the streams, folder and environment that it would have had. What a cold start does, other tests see:
those that start the program beside themselves, as another user, or with variables that Python reads before all else.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import io
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MODULES = (  # and all that they import
    "alembic.command",
    "bootmatrix.cli",
    "bootmatrix.commands.run",
    "bootmatrix.compare.judge",
    "bootmatrix.exporting.sending",
    "bootmatrix.history.asked",
    "bootmatrix.history.database",
    "bootmatrix.merging.merge",
    "bootmatrix.networks.laying",
    "bootmatrix.program.completion",
    "bootmatrix.running.makers",
    "bootmatrix.running.request",
    "bootmatrix.running.run",
    "bootmatrix.screen.github",
    "bootmatrix.screen.live",
    "bootmatrix.screen.pen",
    "bootmatrix.upkeep.doctor",
    "bootmatrix.upkeep.gc",
    "docker.utils.build",
    "dpkt",
    "rich.console",
    "scipy.stats",
)
MATRIX = """
axes: {backend: [command]}
builds: {b: {run: "true"}}
defaults: {timeout: 1 s}
nets: {n: {}}
quarantine: [{match: {test: t}, owner: "@me", reason: an example, until: 2099-12-31}]
tests: {t: {runner: {command: ["true"]}, nets: {i: n}}}
"""
AT_THE_START = ("PYTHON", "LD_", "LC_", "LANG")  # variables that Python has read before it could fork
_SERVERS: list[subprocess.Popen[bytes]] = []  # kept, as their input ends with them
REQUEST = 1 << 20  # bytes
MOST_FILES = 1 << 12  # that the server has open: some for each command that runs
TIMEOUT = 900.0  # seconds


def run(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """As `python -m bootmatrix`, without a terminal."""
    argv, everything = [sys.executable, "-m", "bootmatrix", *args], {**os.environ, **env}
    if any(name.startswith(AT_THE_START) for name in env):
        silent: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
        return subprocess.run(argv, cwd=cwd, env=everything, timeout=TIMEOUT, check=False, **silent)
    out, errors = _Text(), _Text()
    with Started(args, cwd, everything, out.end, errors.end) as process:
        status = process.wait(TIMEOUT)
    return subprocess.CompletedProcess(argv, status, out.text(), errors.text())


class Started:
    """A program that goes on, with what tests use of `subprocess.Popen`; killed at the latest at the end of `with`."""

    def __init__(self, args: Sequence[str], cwd: Path, env: dict[str, str], *streams: int) -> None:
        """`streams` are its output and its errors, which are closed here; without any, `stdout` reads both."""
        self.returncode: int | None = None
        reading = -1
        if not streams:
            reading, writing = os.pipe()
            streams = (writing, os.dup(writing))
        self._channel = socket.socket(socket.AF_UNIX)
        self._channel.connect(_server())
        streams = (os.open(os.devnull, os.O_RDONLY), *streams)
        socket.send_fds(self._channel, [json.dumps([args, str(cwd), env]).encode()], streams)
        for stream in streams:
            os.close(stream)
        self._told = self._channel.makefile()
        self.pid = int(self._told.readline())
        self.stdout = os.fdopen(reading, encoding="utf-8") if reading >= 0 else io.StringIO()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.send_signal(signal.SIGKILL)
        self.wait()
        self.stdout.close()
        self._told.close()
        self._channel.close()

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._channel], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._channel], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"the process {self.pid}", timeout or 0)
            self.returncode = int(self._told.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        """To no other process: ours is reaped when its status is told, and its number may be another's by then."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def communicate(self, timeout: float) -> tuple[str, None]:
        """What is still to be read, and nothing, as its errors are in it."""
        rest: list[str] = []
        reader = threading.Thread(target=lambda: rest.append(self.stdout.read()), daemon=True)
        reader.start()
        reader.join(timeout)
        if not rest:
            raise subprocess.TimeoutExpired(f"the process {self.pid}", timeout)
        self.wait(timeout)
        return rest[0], None


def command() -> str:
    """What a shell's text has in place of `python -m bootmatrix`, for shells whose environment is this process's."""
    client = Path(__file__).with_name("warmly.py")
    return shlex.join([sys.executable, "-IS", str(client), _server().removeprefix("\0")])


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
    assert process.stdout.readline() == b"ready\n", process.communicate()[1].decode()
    _SERVERS.append(process)
    return address


def stop() -> None:
    """The server of this process."""
    for server in _SERVERS:
        server.communicate()


def serve(address: str) -> None:
    """Until its standard input ends, as it does with the process that has started it; raises what a command raises."""
    for name in MODULES:
        importlib.import_module(name)
    _practise()
    gc.freeze()
    running: dict[int, socket.socket] = {}  # who waits for the status of which process
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        os.write(1, b"ready\n")
        while sys.stdin not in (ready := select.select([listening, sys.stdin, *running], [], [])[0]):
            for ended in running.keys() & ready:
                _tell(ended, running.pop(ended))
            if listening in ready and (command := _forked(listening.accept()[0], running)):
                break
        else:
            return
    command()


def _forked(channel: socket.socket, running: dict[int, socket.socket]) -> Callable[[], None] | None:
    """In a new process: what it is to do."""
    asked, streams, _, _ = socket.recv_fds(channel, REQUEST, 3)
    process = os.fork()
    if not process:
        return functools.partial(_become, *json.loads(asked), *streams)
    for stream in streams:
        os.close(stream)
    channel.sendall(f"{process}\n".encode())
    running[os.pidfd_open(process)] = channel
    return None


def _tell(ended: int, channel: socket.socket) -> None:
    """Reap a process, and tell its status to who waits for it, if there is anybody."""
    found = os.waitid(os.P_PIDFD, ended, os.WEXITED)
    assert found
    status = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
    with contextlib.suppress(OSError), channel:
        channel.sendall(f"{status}\n".encode())
    os.close(ended)


def _practise() -> None:
    """Has what each process makes once: what reads a matrix and results, and what writes the reports."""
    from histories import result, run  # noqa: PLC0415

    from bootmatrix import results  # noqa: PLC0415
    from bootmatrix.matrix import load  # noqa: PLC0415
    from bootmatrix.running import reporting  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "matrix.yaml").write_text(MATRIX)
        load.load(folder / "matrix.yaml")
        notes: list[str] = []
        assert list(reporting.tell(run(1, result()), folder, folder, {}, f"{folder}/history.sqlite", notes.append))
        results.load(folder / "results.json")
        assert not notes, notes


def _become(args: list[str], cwd: str, env: dict[str, str], *streams: int) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
    os.closerange(3, MOST_FILES)  # those of the server
    sys.argv, sys.path[:2] = ["-m", *args], [cwd]
    try:
        runpy._run_module_as_main("bootmatrix")  # type: ignore[attr-defined]  # noqa: SLF001  # what `python -m` does
    except SystemExit as left:
        if isinstance(left.code, int):
            _leave(left.code)
        raise


def _leave(status: int) -> NoReturn:
    """As `sys.exit`, which would also free each object, and so copy all memory that is shared with the server."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)
