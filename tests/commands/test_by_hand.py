"""A test with a network by hand: what `repro` prints boots it, `shell --net` stands in it, nothing of it is left."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from networked import program
from support import OTHER, OTHER_WITH_TAPS, PATHS, bootmatrix, others_python, scripted, write_matrix

from bootmatrix.places.containers import engine
from bootmatrix.places.here import apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.toolchains.toolchain import Image

SECONDS = 60.0
ASK = """
import socket
with socket.create_connection(("10.0.0.2", 7), 20) as end:
    end.sendall(b"hello")
    print(end.recv(5, socket.MSG_WAITALL).decode(), end="")
"""
PING = (  # until it is there, and not for ever
    "for i in 1 2 3 4 5 6 7 8 9; do perl -MSocket -e 'alarm 3; socket(S, PF_INET, SOCK_DGRAM, 1) or die;"
    "connect(S, sockaddr_in(0, inet_aton(q(10.0.0.2)))); send(S, pack(q(CCnnna*), 8, 0, 0, 0, 1, q(hello)), 0);"
    "defined recv(S, $b, 99, 0) or die; print q(pong ), substr($b, 8), chr(10)' && break; done"
)
ENGINES = ["host", "other", pytest.param("docker", marks=pytest.mark.docker)]


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


@pytest.fixture(params=ENGINES)
def project(request: pytest.FixtureRequest, open_folder: Path) -> Project:
    return request.getfixturevalue("docker") if request.param == "docker" else on_host(open_folder, request.param)


@pytest.fixture
def docker(open_folder: Path, debian_12: Image) -> Project:
    assert debian_12
    return Project(open_folder, "docker")


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
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            (),
            "/both has several guests, each in a sandbox of its own\n    say where to stand: --guest one or an-other\n",
        ),
        (("--guest", "onee"), "/both has no guest 'onee' with a network\n    did you mean 'one'"),
    ],
)
def test_a_shell_among_several_guests_is_told_where_to_stand(
    docker: Project, words: tuple[str, ...], told: str
) -> None:
    cell, _, _ = docker.test.partition("/")
    done = docker.run("shell", cell, "--net", "both", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


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


@pytest.mark.docker
def test_a_shell_stands_in_the_network_of_a_test(docker: Project) -> None:
    """Its guest boots in the background and answers, pings too, to one who has no right beside that."""
    cell, _, test = docker.test.partition("/")
    with docker.shelled(cell, "--net", test) as (process, ours):
        shown = seen(ours, f"{docker.test} $ ")
        boot = re.findall(r"^# (\S*sh -c .+)$", shown, re.MULTILINE)[0]
        (again,) = re.findall(r"^# another shell beside this one, [^:]+: (.+)$", shown.replace("\r", ""), re.MULTILINE)
        assert docker.shell(f"{again.replace(' -it ', ' ')} -c 'echo beside it'").stdout == "beside it\n"
        os.write(ours, f"{boot} </dev/null & {PING}; grep CapEff /proc/self/status; exit 7\n".encode())
        said = seen(ours, "")
        assert process.wait(SECONDS) == 7, said
    assert "attached\n" in said
    assert "pong hello\n" in said
    assert "CapEff:\t0000000000000000" in said


@pytest.mark.docker
def test_a_shell_stands_where_one_of_several_guests_boots(docker: Project) -> None:
    """From a second terminal the other guest is booted, and answers it over their network."""
    cell, _, _ = docker.test.partition("/")
    with docker.shelled(cell, "--net", "both", "--guest", "one") as (process, ours):
        shown = seen(ours, f"{cell}/both:one $ ").replace("\r", "")
        (way,) = re.findall(
            r"^# ask it from a second terminal in lan, with what the image has: (.+)$", shown, re.MULTILINE
        )
        (there,) = re.findall(r"^# a shell where the guest 'an-other' boots, [^:]+: (.+)$", shown, re.MULTILINE)
        (boot,) = re.findall(r"^# boot it there: (.+)$", shown, re.MULTILINE)
        line = f"{there.replace(' -it ', ' ').removesuffix(' sh')} {boot}"
        with docker.typed(line) as guest:
            until(guest.stdout, "attached")
            hello = "exec 3<>/dev/tcp/10.0.0.3/7; echo hello >&3; read -r line <&3; echo $line"
            asking = f"{way.replace(' -it ', ' ').removesuffix(' sh')} bash -c {shlex.quote(hello)}"
            assert docker.shell(asking).stdout == "hello\n"
            os.write(ours, b"exit 7\n")
            seen(ours, "")
            assert process.wait(SECONDS) == 7
            guest.communicate(timeout=SECONDS)
    assert containers(re.findall(r"--network=container:(bootmatrix-net-[0-9a-f]+)", way)[0]) == []


def seen(terminal: int, what: str) -> str:
    """What a terminal shows until it shows that, or to its end."""
    shown = b""
    with contextlib.suppress(OSError):  # nobody is at the other end any more
        while not what or what.encode() not in shown:
            assert select.select([terminal], [], [], SECONDS)[0], shown
            shown += os.read(terminal, 1 << 16)
    return shown.decode().replace("\r\n", "\n")


def test_the_networks_of_a_cells_tests_are_completed(tmp_path: Path) -> None:
    matrix = scripted({"backend": ["command", "qemu"]}, web={"nets": {"service": "lan"}}, plain={})
    write_matrix(tmp_path, {**matrix, "nets": {"lan": {}}})
    asked_for = {"_BOOTMATRIX_COMPLETE": "bash_complete", "COMP_CWORD": "4"}
    done = bootmatrix(cwd=tmp_path, COMP_WORDS="bootmatrix shell qemu --net ", **asked_for)
    assert (done.stdout, done.stderr) == ("plain,web\n", "")
