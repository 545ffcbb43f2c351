"""What a job has started besides its own processes is ended by a command, however the job ended."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from support import read, run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.places import undoing
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job, Mount

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.containers.place import ContainerPlace

LEAVES = 'touch "$1/left"'
UNDO = ("sh", "-c", 'test -e "$2" && rm -f "$1/left"', "sh")
WHICH = "cat /proc/sys/kernel/hostname"
ENDS = {"exits": "exit 0", "fails": "exit 3", "dies": "kill -SEGV $$"}


def job(folder: Path, end: str, *undo: str) -> Job:
    argv = ("sh", "-c", f"{LEAVES}; {end}", "sh", str(folder))
    own = folder / "own"
    return Job(
        argv, "test", folder=str(own), files={"settings": b""}, undo=undo or (*UNDO, str(folder), f"{own}/settings")
    )


@pytest.mark.parametrize("end", ENDS)
def test_it_is_undone_with_its_files_still_there(tmp_path: Path, end: str) -> None:
    run_job(LocalPlace(), job(tmp_path, ENDS[end]))
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_is_killed_is_undone_when_it_is_over(tmp_path: Path) -> None:
    with LocalPlace().start(job(tmp_path, "echo up; exec sleep 600")) as process:
        assert read(process)[1] == b"up\n"
        process.kill()
    assert list(tmp_path.iterdir()) == []


def test_so_is_one_whose_watcher_fails(tmp_path: Path) -> None:
    place = LocalPlace().start(job(tmp_path, "echo up; exec sleep 600"))
    assert read(place.__enter__())[1] == b"up\n"
    error = KeyError()
    assert not place.__exit__(KeyError, error, None)
    assert list(tmp_path.iterdir()) == []


def test_what_stays_on_this_host_is_told_with_the_command(tmp_path: Path) -> None:
    stuck = ("sh", "-c", "echo 'the domain does not go' >&2; exit 1")
    with pytest.raises(InfrastructureError, match="test has started cannot be ended: the domain does not go") as caught:
        run_job(LocalPlace(), job(tmp_path, "exit 0", *stuck))
    assert caught.value.problems[0].remedy == f"by hand: {shlex.join(stuck)}"


@pytest.mark.parametrize(("script", "word"), [("exit 4", "status 4"), ("kill -KILL $$", "SIGKILL")])
def test_one_that_says_nothing_is_told_by_its_end(tmp_path: Path, script: str, word: str) -> None:
    with pytest.raises(InfrastructureError, match=word):
        run_job(LocalPlace(), job(tmp_path, "exit 0", "sh", "-c", script))


def test_one_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "PATIENCE", 0.2)
    with pytest.raises(InfrastructureError, match="took more than 0 s"):
        run_job(LocalPlace(), job(tmp_path, "exit 0", "sleep", "600"))


def test_by_hand_it_is_undone_after_ctrl_c_too(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "settings").touch()
    (line,) = LocalPlace().command_line(job(tmp_path, "echo up; exec sleep 600"))
    child = subprocess.Popen(["sh", "-c", f"trap : INT; {line}"], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout
    with child.stdout:
        assert child.stdout.readline() == b"up\n"
        assert (tmp_path / "left").exists()
        os.killpg(child.pid, signal.SIGINT)
        assert child.wait(60) == 128 + signal.SIGINT
    assert not (tmp_path / "left").exists()


@pytest.mark.docker
@pytest.mark.parametrize("end", ENDS)
def test_a_kept_container_undoes_and_is_kept(container_place: ContainerPlace, tmp_path: Path, end: str) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    mounts = (Mount(shared, "/left", writable=True),)
    argv = ("sh", "-c", f"touch /left/it; {WHICH}; {ENDS[end]}")
    found = set()
    for _ in range(2):
        folder = container_place.folder()
        undo = ("sh", "-c", 'test -e "$0/settings" && rm /left/it', folder)
        one = Job(argv, "test", mounts=mounts, folder=folder, files={"settings": b""}, undo=undo)
        found.add(run_job(container_place, one)[1])
        assert list(shared.iterdir()) == []
    assert len(found) == 1


@pytest.mark.docker
def test_a_container_in_which_something_stays_is_replaced(container_place: ContainerPlace) -> None:
    one = Job(("sh", "-c", WHICH), "test", undo=("sh", "-c", "exit 1"))
    assert len({run_job(container_place, one)[1] for _ in range(2)}) == 2


@pytest.mark.docker
def test_a_killed_boot_is_undone_in_its_container(container_place: ContainerPlace, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    mounts = (Mount(shared, "/left", writable=True),)
    argv = ("sh", "-c", "touch /left/it; echo up; exec sleep 600")
    with container_place.start(Job(argv, "test", mounts=mounts, undo=("rm", "/left/it"))) as process:
        assert read(process)[1] == b"up\n"
        process.kill()
    assert list(shared.iterdir()) == []
