"""A real OpenSSH server on the loopback interface, a child of the test: with a host key and a user's key of its own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from support import read

from bootmatrix.model.remote import Remote
from bootmatrix.places.place import END, Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bootmatrix.places.place import Process

# SHLVL: bash reads no ~/.bashrc for who is not the first shell
SETTINGS = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
SetEnv PATH={path} SHLVL=2
"""


@dataclass
class Server:
    """`folder` holds what is its own; below `there` is what we have on the other side."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def there(self) -> Path:
        return self.folder / "there"

    @property
    def options(self) -> tuple[str, ...]:
        return (
            f"IdentityFile={self.folder}/user",
            "IdentitiesOnly=yes",
            f"UserKnownHostsFile={self.folder}/known",
            "ServerAliveInterval=1",
            "ServerAliveCountMax=2",
        )

    def remote(self, name: str = "elsewhere", *programs: str) -> Remote:
        user = pwd.getpwuid(os.getuid()).pw_name
        return Remote(name, f"{user}@127.0.0.1", self.port, self.options, str(self.there), programs)

    def sessions(self) -> list[int]:
        """The server's processes for connections, not those of the sessions in them."""
        found = subprocess.run(
            ["ps", "--ppid", str(self.process.pid), "-o", "pid="], capture_output=True, text=True, check=False
        )
        return [int(word) for word in found.stdout.split()]

    def cut(self) -> None:
        """The connections end at once, as when a network cable is pulled and the kernels have noticed."""
        for process in self.sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@contextlib.contextmanager
def served(folder: Path, shell: str = "dash", room: int = 0, settings: str = "") -> Iterator[Server]:
    """`shell` is the `sh` of the other side; with `room` in bytes, there is no more than that below `there`; `settings`
    are more of sshd_config(5).
    """
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "there").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    plain = SETTINGS.format(port=port, folder=folder, path=_path_with(shell, folder / "bin"))
    (folder / "sshd_config").write_text(f"{plain}{settings}\n")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    command = [str(shutil.which("sshd")), "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*_with(room, folder), *command], stderr=log, stdin=subprocess.DEVNULL)
    server = Server(folder, port, process)
    try:
        _await(port, process)
        yield server
    finally:
        server.cut()
        process.kill()
        process.wait()


def _with(room: int, folder: Path) -> list[str]:
    """A file system of that size, in a mount namespace of the server's own."""
    if not room:
        return []
    mount = f'mount -t tmpfs -o size={room} none {shlex.quote(str(folder / "there"))} && exec "$@"'
    return ["unshare", "--mount", "--propagation=private", "sh", "-c", mount, "sh"]


def _path_with(shell: str, folder: Path) -> str:
    """A PATH on which `sh` is that one: one of those that know hardly more than POSIX."""
    folder.mkdir()
    (folder / "sh").symlink_to(shutil.which(shell) or "/bin/sh")
    return f"{folder}:/usr/local/bin:/usr/bin:/bin"


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(f"sshd did not start: {process.poll()}")


def gone(pid: int) -> bool:
    """Whether a process has ended, or is only to be waited for."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether that comes about in time."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


STAYING = (
    'sleep 1001 & setsid sh -c "trap : TERM HUP; echo \\$\\$; sleep 1002" & wait_for=$!; echo $$; echo $wait_for; '
)
"""For a job: processes in its group and out of it, which say their numbers in three lines."""


def job(script: str, *words: str, **more: object) -> Job:
    return replace(Job(("sh", "-c", script, "sh", *words), "a job"), **more)  # type: ignore[arg-type]


def lines(process: Process, count: int) -> list[str]:
    """So many lines of its console."""
    text = b""
    while text.count(b"\n") < count:
        text += read(process)[1]
    return text.decode().splitlines()


def to_the_end(process: Process) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if (item := process.read(1)) and item[0] == END:
            return
    raise AssertionError("no end, and no error")
