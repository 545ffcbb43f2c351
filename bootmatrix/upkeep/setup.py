"""What a host lacks for a run, and how to get it from its own package manager."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import host, logs
from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.places.containers import engine
from bootmatrix.program import signals, unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

# A program that is needed, and Debian's package that brings it.
ENGINE = {"dockerd": "docker.io", "iptables": "iptables", "mmdebstrap": "mmdebstrap"}
HOST_TOOLS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-riscv64": "qemu-system-misc",
    "gcc": "gcc",
    "make": "make",
    "git": "git",
}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DAEMON_SECONDS = 60.0
LAST_LINES = 8  # of the engine's log, in a message
SOCKET = Path("/var/run/docker.sock")


@dataclass(frozen=True)
class Step:
    """One thing to do: what, the command as people would type it, and the function that does it."""

    what: str
    command: str
    do: Callable[[], None]


def missing(*, host_tools: bool) -> list[Step]:
    """The steps that this host still needs, in order; raises InfrastructureError where they cannot be done."""
    answers = _answers()
    if not answers and (where := os.environ.get("DOCKER_HOST")):
        remedy = "start that engine, or unset DOCKER_HOST to use this host's Docker Engine"
        raise InfrastructureError(Problem(f"DOCKER_HOST is {where}, but no engine answers there", remedy=remedy))
    programs = {} if answers or _forbidden() else dict(ENGINE)
    programs["mmdebstrap"] = "mmdebstrap"
    if os.getuid():
        programs["newuidmap"] = "uidmap"  # with which mmdebstrap needs no root
    if host_tools:
        programs |= HOST_TOOLS
    packages = sorted({package for program, package in programs.items() if not _which(program)})
    if not KEYRING.exists():
        packages.append("debian-archive-keyring")  # Ubuntu has none: mmdebstrap could not check Debian's signatures
    steps = [_install(packages)] if packages else []
    if not answers and not _forbidden():
        steps.append(_start())
    if not answers and os.getuid():
        steps.append(_allow())
    return steps


def _forbidden() -> bool:
    """Whether an engine runs that this user may not use."""
    return SOCKET.exists() and not os.access(SOCKET, os.R_OK | os.W_OK)


def _allow() -> Step:
    """Into the engine's group from the next login on, and onto its socket until then."""
    user = _user()
    commands = [[*_root(), "usermod", "-aG", "docker", user], [*_root(), "chown", user, str(SOCKET)]]
    shown = " && ".join(map(shlex.join, commands))

    def do() -> None:
        for command in commands:
            _run(command)

    return Step(f"let {user} use Docker Engine", shown, do)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        what = f"user {os.getuid()} has no name in /etc/passwd, and so cannot join the engine's group"
        raise InfrastructureError(Problem(what, remedy="run this as root, or as a user who has one")) from None


def _which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def _answers() -> bool:
    engine.client.cache_clear()
    try:
        engine.client()
    except InfrastructureError:
        return False
    return True


def _install(packages: list[str]) -> Step:
    if not shutil.which("apt-get"):
        names = ", ".join(packages)
        what = f"this system has no apt-get, and these are missing (by Debian's names): {names}"
        raise InfrastructureError(Problem(what, remedy="install them by hand, then run this again"))
    command = [
        *_root(),
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
        "-y",
        "--no-install-recommends",
        *packages,
    ]

    def do() -> None:
        _run([*_root(), "apt-get", "update", "-qq"])
        _run(command)

    return Step(f"install {', '.join(packages)}", shlex.join(command), do)


def _root() -> list[str]:
    if os.getuid() == 0:
        return []
    if shutil.which("sudo"):
        return ["sudo"]
    raise InfrastructureError(Problem("this needs root, and sudo is not installed", remedy="run it as root"))


def _run(command: list[str]) -> None:
    try:
        with signals.handed_on():
            failed = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        raise InfrastructureError(f"{command[0]} cannot be started: {error.strerror}") from None
    if failed:
        raise InfrastructureError(
            Problem(f"the command failed: {shlex.join(command)}", remedy="see its messages above")
        )


def _start() -> Step:
    """By the service manager where one runs; else dockerd itself, which outlives this command."""
    if Path("/run/systemd/system").is_dir():
        command = [*_root(), "systemctl", "start", "docker"]
        return Step("start Docker Engine", shlex.join(command), lambda: _started(command))
    command = [*_root(), "dockerd"]
    return Step("start Docker Engine", f"{shlex.join(command)} >{_log()} 2>&1 &", lambda: _spawned(command))


def _log() -> Path:
    return host.cache() / "dockerd.log"


def _started(command: list[str]) -> None:
    _run(command)
    _await(None)


def _spawned(command: list[str]) -> None:
    try:
        _log().parent.mkdir(parents=True, exist_ok=True)
        with _log().open("ab") as log:
            daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    except OSError as error:
        raise unexpected.of_file(error) from None
    _await(daemon)


def _await(daemon: subprocess.Popen[bytes] | None) -> None:
    """Until the engine answers, or is there for others only."""
    end = time.monotonic() + DAEMON_SECONDS
    while not _answers() and not _forbidden():
        if (daemon and daemon.poll() is not None) or time.monotonic() > end:
            last = "\n    ".join(logs.last_of(_log(), LAST_LINES))
            raise InfrastructureError(Problem("Docker Engine was started, but does not answer", remedy=last))
        time.sleep(0.2)
