"""A host over SSH as a place, on a real OpenSSH server: how jobs are run and end, and what is left of them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sshd import STAYING, gone, job, lines, served, until
from support import read, run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.place import CONSOLE, END, Exit
from bootmatrix.places.remote.link import Link
from bootmatrix.places.remote.place import RemotePlace
from bootmatrix.upkeep.networks import FIRST

if TYPE_CHECKING:
    from pathlib import Path

    from sshd import Server

    from bootmatrix.places.place import Job

pytestmark = pytest.mark.sshd


ENDS = {
    "exit 0": Exit(0),
    "exit 3": Exit(3),
    "exit 137": Exit(137),
    "exit 255": Exit(255),
    "kill -s KILL $$": Exit(None, "SIGKILL"),
    "kill -s SEGV $$": Exit(None, "SIGSEGV"),
    "kill -s ABRT $$": Exit(None, "SIGABRT"),
    "kill -s TERM $$": Exit(None, "SIGTERM"),
}


def ends(remote_place: RemotePlace, *, telling: bool = True) -> None:
    """Where awk does not tell a signal from a status, a status above 128 counts as the signal."""
    for script, expected in {**ENDS, **({} if telling else {"exit 137": Exit(None, "SIGKILL")})}.items():
        found, _, _ = run_job(remote_place, job(script))
        assert replace(found, seconds=None) == expected, script


def test_status_and_signal_are_told_apart(remote_place: RemotePlace) -> None:
    ends(remote_place)


def tells(shell: str) -> bool:
    """Whether the awk that this shell finds does so: a BusyBox may prefer its own."""
    ask = """awk 'BEGIN { print system("kill -s KILL $$") }'"""
    asked = [shell, *(["sh"] if shell == "busybox" else []), "-c", ask]
    return subprocess.run(asked, capture_output=True, check=False).stdout in {b"265\n", b"521\n"}


@pytest.mark.parametrize("shell", ["busybox", "bash"])
def test_any_posix_shell_will_do(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here, which is no tool of the tests")
    with served(tmp_path, shell) as found:
        place = RemotePlace(Link(found.remote(), threading.Event(), patience=lambda: 20.0))
        try:
            ends(place, telling=tells(shell))
            with place.start(job(STAYING + "wait")) as process:
                pids = [int(line) for line in lines(process, 3)]
                process.kill()
            assert until(lambda: all(map(gone, pids)), 5)
        finally:
            place.close()
        assert not list(found.there.iterdir())


def test_both_outputs_come_apart_and_whole(remote_place: RemotePlace) -> None:
    flood = "i=0; while [ $i -lt 3000 ]; do echo out $i; echo err $i >&2; i=$((i + 1)); done"
    _, console, tender = run_job(remote_place, job(flood))
    assert console.decode().splitlines() == [f"out {i}" for i in range(3000)]
    assert tender.decode().splitlines() == [f"err {i}" for i in range(3000)]


def test_words_of_the_command_line_arrive_as_they_are(remote_place: RemotePlace) -> None:
    words = ("", "two words", "it's", 'a "b" $HOME `id` \\', "line\nline", "*", "é", os.fsdecode(b"\xff\xfe"))
    _, console, _ = run_job(remote_place, job('printf "%s|" "$@"', *words))
    assert console == b"|".join(map(os.fsencode, words)) + b"|"


def test_a_job_has_an_empty_input_and_an_environment_of_its_own(remote_place: RemotePlace) -> None:
    found = run_job(remote_place, job("cat; cd / && env", env={"A": "it's\nb"}))[1].decode()
    assert "A=it's\nb\n" in found
    assert "SSH_CONNECTION" not in found


def test_one_that_reads_is_sent_what_is_written(remote_place: RemotePlace) -> None:
    with remote_place.start(job('read -r line; echo "got $line"', reads=True)) as process:
        process.write(b"something\n")
        assert lines(process, 1) == ["got something"]
        assert read(process)[0] == END


def test_all_of_a_job_is_gone_after_its_end(remote_place: RemotePlace) -> None:
    with remote_place.start(job(STAYING + "sleep 0.3; exit 5")) as process:
        pids = [int(line) for line in lines(process, 3)]
        while (item := read(process))[0] != END:
            assert item[0] == CONSOLE
        assert process.wait().status == 5
    assert until(lambda: all(map(gone, pids)))


def test_all_of_a_job_is_gone_after_it_was_killed(remote_place: RemotePlace) -> None:
    with remote_place.start(job(STAYING + "wait")) as process:
        pids = [int(line) for line in lines(process, 3)]
        process.kill()
        process.kill()
    assert until(lambda: all(map(gone, pids)), 5)


LEAVES = 'touch "$1"; echo up; '


def leaving(end: str, left: Path, folder: str, *undo: str) -> Job:
    """A job that leaves a file, which is removed if its own files are still there."""
    undo = undo or ("sh", "-c", 'test -e "$1/settings" && rm "$2"', "sh", folder, str(left))
    return job(LEAVES + end, str(left), folder=folder, files={"settings": b""}, undo=undo)


@pytest.mark.parametrize("end", ["exit 0", "exit 3", "kill -s SEGV $$"])
def test_what_a_job_has_started_there_is_undone(remote_place: RemotePlace, tmp_path: Path, end: str) -> None:
    run_job(remote_place, leaving(end, tmp_path / "left", remote_place.folder()))
    assert not (tmp_path / "left").exists()


def test_so_is_that_of_one_that_is_killed(remote_place: RemotePlace, tmp_path: Path) -> None:
    with remote_place.start(leaving("exec sleep 600", tmp_path / "left", remote_place.folder())) as process:
        assert lines(process, 1) == ["up"]
        process.kill()
    assert not (tmp_path / "left").exists()


def test_so_is_that_of_one_whose_connection_was_lost(remote_place: RemotePlace, server: Server, tmp_path: Path) -> None:
    left = tmp_path / "left"
    one = leaving("exec sleep 600", left, remote_place.folder(), "rm", str(left))
    with remote_place.start(one) as process:
        assert lines(process, 1) == ["up"]
        server.cut()
        with pytest.raises(InfrastructureError):
            read(process)
    assert not left.exists()


def test_what_stays_there_is_told_with_the_command(remote_place: RemotePlace, tmp_path: Path) -> None:
    stuck = ("sh", "-c", "echo it stays >&2; exit 1")
    with pytest.raises(InfrastructureError, match="a job has started cannot be ended: it stays") as caught:
        run_job(remote_place, leaving("exit 0", tmp_path / "left", remote_place.folder(), *stuck))
    assert caught.value.problems[0].remedy == f"by hand on elsewhere: {shlex.join(stuck)}"


def test_several_share_one_connection(remote_place: RemotePlace, server: Server) -> None:
    waiting = job('echo here; read -r line; echo "$line"', reads=True)
    with (
        remote_place.start(waiting) as a,
        remote_place.start(waiting) as b,
        remote_place.start(waiting) as c,
        remote_place.start(waiting) as d,
    ):
        for number, process in enumerate((a, b, c, d)):
            assert lines(process, 1) == ["here"]
            process.write(f"{number}\n".encode())
        assert [lines(process, 1) for process in (d, c, b, a)] == [["3"], ["2"], ["1"], ["0"]]
        assert len(server.sessions()) == 1


def test_networks_and_devices_are_told_as_missing(remote_place: RemotePlace) -> None:
    assert "over SSH" in remote_place.lacks(job("true", interfaces=(FIRST,)))
    assert "over SSH" in remote_place.lacks(job("true", devices=("tun",)))
    assert not remote_place.lacks(job("true"))


def test_what_a_machine_is_decides_what_counts(remote_place: RemotePlace) -> None:
    assert remote_place.host.machine == os.uname().machine.replace("amd64", "x86_64")
    assert remote_place.host.cores >= 1
    assert remote_place.host.memory > 1 << 20
    assert remote_place.host.name == "elsewhere"
    assert remote_place.host.has("/etc/passwd")
    assert not remote_place.host.has("/no such'file")
    assert remote_place.host.program("sh")
    assert remote_place.host.program("no-such-program") is None
    assert remote_place.state_of("sh") != remote_place.state_of("ls")
    assert "elsewhere" not in remote_place.identity
