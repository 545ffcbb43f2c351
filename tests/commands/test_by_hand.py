"""A test with a network by hand: what `repro` prints boots it, `shell --net` stands in it, nothing of it is left."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest
from commands.by_hand import SECONDS, Project, containers, until
from support import OTHER

from bootmatrix.places.here import apart

ASK = """
import socket
with socket.create_connection(("10.0.0.2", 7), 20) as end:
    end.sendall(b"hello")
    print(end.recv(5, socket.MSG_WAITALL).decode(), end="")
"""
ENGINES = ["host", "other", pytest.param("docker", marks=pytest.mark.docker)]


@pytest.fixture(params=ENGINES)
def project(request: pytest.FixtureRequest, open_folder: Path) -> Project:
    return request.getfixturevalue("docker") if request.param == "docker" else on_host(open_folder, request.param)


@pytest.fixture
def host(open_folder: Path) -> Project:
    return on_host(open_folder, "host")


def on_host(folder: Path, kind: str) -> Project:
    if kind == "other" and subprocess.run([*OTHER, "unshare", "--user", "true"], check=False).returncode:
        pytest.skip("users here have no namespaces")
    if trouble := apart.trouble():
        pytest.skip(trouble)
    return Project(folder, kind)


def asked(told: str) -> list[str]:
    """The ways to ask the guest that `net` told."""
    return re.findall(r"^# ask it from a second terminal [^:]+: (.+)$", told, re.MULTILINE)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_printed_line_boots_the_guest_in_its_network(project: Project, ending: signal.Signals) -> None:
    """It answers there from a second terminal, in the ways that are told, until Ctrl-C; then nothing is left."""
    printed = project.printed()
    assert "# its interface service: 10.0.0.2/24 (02:00:0a:00:00:02) on lan, whose host end is 10.0.0.1\n" in printed
    with project.typed(printed) as process:
        way = asked(until(process.stdout, "attached"))[0]
        line = way.replace("ping 10.0.0.2", shlex.join([project.python, "-c", ASK]))
        assert project.shell(line).stdout == "hello"
        os.killpg(process.pid, ending)
        process.communicate(timeout=SECONDS)  # whoever has its streams has ended
    if project.engine == "docker":
        name = re.findall(r"--network=container:(\S+)", printed)[0]
        assert containers(name) == []


def test_the_printed_line_boots_all_guests_in_their_networks(project: Project) -> None:
    """The second after the first; both answer there until Ctrl-C, then nothing is left."""
    printed = project.printed(project.test.replace("/t", "/both"))
    assert "# the guest 'an-other': its interface service: 10.0.0.3/24 (02:00:0a:00:00:03) on lan" in printed
    with project.typed(printed) as process:
        told = until(process.stdout, "an-other: attached")
        assert "one: attached\n" in told
        way = re.findall(r"^# ask it from a second terminal in lan, [^:]+: (.+)$", told, re.MULTILINE)[0]
        for address in ("10.0.0.2", "10.0.0.3"):
            line = way.replace("ping 10.0.0.2", shlex.join([project.python, "-c", ASK.replace("10.0.0.2", address)]))
            assert project.shell(line).stdout == "hello"
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=SECONDS)
    if project.engine == "docker":
        name = re.findall(r"--network=container:(bootmatrix-net-[0-9a-f]+)", printed)[0]
        assert containers(name) == []


@pytest.mark.docker
def test_a_guest_in_a_container_is_asked_with_what_the_image_has(docker: Project) -> None:
    with docker.typed(docker.printed()) as process:
        way = asked(until(process.stdout, "attached"))[1].replace(" -it ", " ")
        hello = "exec 3<>/dev/tcp/10.0.0.2/7; echo hello >&3; read -r line <&3; echo $line"
        assert docker.shell(f"{way.removesuffix(' sh')} bash -c {shlex.quote(hello)}").stdout == "hello\n"
        again = docker.run("net", docker.test, "--", "true")
    assert (again.returncode, again.stdout) == (3, "")
    assert "perhaps they are there already, in another terminal" in again.stderr


@pytest.mark.parametrize(
    ("script", "status"), [("exit 7", 7), ("kill -KILL $$", 137), ("ip=1; sleep 1000 & echo $!; exit 0", 0)]
)
def test_the_status_is_the_commands_and_what_it_leaves_is_ended(host: Project, script: str, status: int) -> None:
    done = host.run("net", host.test, "--engine", "host", "--", "sh", "-c", script)
    assert done.returncode == status, done.stderr
    for number in done.stdout.split():
        assert not Path("/proc", number, "cmdline").exists() or not Path("/proc", number, "cmdline").read_bytes()


@pytest.mark.parametrize(
    ("test", "command", "said"),
    [
        ("command/plain", "true", "the test command/plain has no networks"),
        ("command/t", "", "Missing argument"),
        ("command/none", "true", "there is no cell or test 'command/none'"),
    ],
)
def test_what_cannot_be_is_told(host: Project, test: str, command: str, said: str) -> None:
    done = host.run("net", test, "--engine", "host", *([command] if command else []))
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.docker
def test_a_command_that_is_none_is_told(docker: Project) -> None:
    done = docker.run("net", docker.test, "--", "/no/such")
    assert (done.returncode, done.stdout) == (2, "")
    assert "/no/such cannot be started: No such file or directory" in done.stderr
