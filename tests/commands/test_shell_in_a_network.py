"""`bootmatrix shell --net`: a shell where a test boots, on its networks and among its guests."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shlex
from typing import TYPE_CHECKING

import pytest
from commands.by_hand import SECONDS, Project, containers, until
from support import bootmatrix, scripted, write_matrix

if TYPE_CHECKING:
    from pathlib import Path

PING = (  # until it is there, and not for ever
    "for i in 1 2 3 4 5 6 7 8 9; do perl -MSocket -e 'alarm 3; socket(S, PF_INET, SOCK_DGRAM, 1) or die;"
    "connect(S, sockaddr_in(0, inet_aton(q(10.0.0.2)))); send(S, pack(q(CCnnna*), 8, 0, 0, 0, 1, q(hello)), 0);"
    "defined recv(S, $b, 99, 0) or die; print q(pong ), substr($b, 8), chr(10)' && break; done"
)


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
