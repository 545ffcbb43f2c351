"""Disks that a job gets of its own: they arrive, only they can be written, none grows, and no link leads anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support import run_job

from bootmatrix import sparse
from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.model import MIB
from bootmatrix.places import disks
from bootmatrix.places.disks import Disk
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Exit, Job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.places.containers.place import ContainerPlace
    from bootmatrix.places.place import Place


def job(place: Place, script: str, given: Mapping[str, Disk]) -> Job:
    folder = place.folder()
    return Job(("sh", "-c", f'cd "$1"; {script}', "sh", disks.beside(folder)), "test", folder=folder, disks=given)


def run(place: Place, script: str, given: Mapping[str, Disk]) -> tuple[Exit, bytes]:
    ended, console, tender = run_job(place, job(place, script, given))
    return ended, console + tender


def left(tmp_path: Path) -> list[Path]:
    """What is there of anybody's disks when all jobs have ended."""
    return [*tmp_path.glob("bootmatrix-*"), *tmp_path.glob("boxes/*/own-disks/*")]


def test_they_arrive_can_be_written_and_are_gone_afterwards(place: Place, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"as it was")
    given = {"a": Disk(5000), "b0": Disk(4096, tmp_path / "image", tmp_path)}
    before = os.umask(0o077)
    try:
        ended, said = run(place, "ls; stat -c %s *; cat b0; printf x >>b0; printf new | dd of=a 2>/dev/null", given)
    finally:
        os.umask(before)
    assert (ended.status, said) == (0, b"a\nb0\n5000\n4096\nas it was" + bytes(4087))
    assert left(tmp_path) == []
    assert (tmp_path / "image").read_bytes() == b"as it was"
    assert run(place, "ls; cat a | tr -d '\\0'", {"a": Disk(4)})[1] == b"a\n", "the next has none of it"


def test_no_file_becomes_longer_than_the_largest_disk(place: Place) -> None:
    ended, _ = run(place, "exec head -c 3000000 /dev/zero >a", {"a": Disk(MIB + 1), "b": Disk(100)})
    assert ended.signal == "SIGXFSZ"
    ended, _ = run(place, "exec head -c 2000000 /dev/zero >a", {"a": Disk(MIB + 1)})
    assert ended == Exit(0)


def test_a_job_cannot_make_rename_or_replace_them(place: Place) -> None:
    if isinstance(place, LocalPlace):
        pytest.skip("a job on this host has its caller's rights")
    attempts = ["ln -s /etc/passwd x", "ln a x", "mv a x", "rm -f a", "touch x", "mkdir x", "chmod 777 .", "rm -rf ."]
    if os.getuid():
        pytest.skip("what a job in a container of ours may do then is the caller's, too")
    assert run(place, f"({'; '.join(attempts)}) 2>/dev/null; ls", {"a": Disk(MIB)})[1] == b"a\n"


def test_one_that_is_read_only_cannot_be_written(place: Place) -> None:
    if isinstance(place, LocalPlace) and not os.getuid():
        assert run(place, "stat -c %a a", {"a": Disk(10, read_only=True)})[1] == b"444\n"  # root may do all
        return
    assert b"denied" in run(place, "echo more >>a", {"a": Disk(10, read_only=True)})[1]


SWAPS = ['ln -s "$VICTIM" a', 'cp "$VICTIM" a', "mkfifo a", "mkdir a", ":"]


@pytest.mark.parametrize("swap", SWAPS)
def test_another_file_in_its_place_is_not_read(tmp_path: Path, swap: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("secret")
    place = LocalPlace(tmp_path)
    with place.start(
        job(place, f"VICTIM={victim}; mv a b; {swap}; mv b ../kept; echo done", {"a": Disk(10)})
    ) as process:
        while process.read(1) != ("end", b""):
            pass
        assert process.disks
        with pytest.raises(OSError), process.disks.opened("a"):  # noqa: PT011  # whatever the kernel calls it
            pass
    assert victim.read_text() == "secret"
    assert left(tmp_path) == []


def test_a_new_file_never_passes_for_the_one_that_was_removed(tmp_path: Path) -> None:
    """A file system may give it the same number at once."""
    place = LocalPlace(tmp_path)
    with place.start(job(place, "for n in 1 2 3; do rm a; echo forged >a; done", {"a": Disk(10)})) as process:
        while process.read(1) != ("end", b""):
            pass
        assert process.disks
        with pytest.raises(OSError, match="another file"), process.disks.opened("a"):
            pass


def test_the_disk_of_a_job_that_has_ended_is_handed_on_without_a_copy(place: Place) -> None:
    first, second = job(place, "printf new >a", {"a": Disk(MIB)}), job(place, "", {})
    with place.start(first) as process:
        while process.read(5) != ("end", b""):
            pass
        assert process.disks
        with process.disks.opened("a") as descriptor:
            given = {"again": Disk(MIB, read_only=True, descriptor=descriptor)}
            script = ('cat "$1/again"; stat -c " %h" "$1/again"', "sh", disks.beside(second.folder))
            ended, said, _ = run_job(place, replace(second, argv=("sh", "-c", *script), disks=given))
    assert (ended.status, said) == (0, b"new 2\n")


@pytest.mark.docker
def test_jobs_with_disks_of_a_size_share_a_container(container_place: ContainerPlace) -> None:
    seen = {run(container_place, "stat -c %i /bootmatrix/own-disks; ls", {"a": Disk(size)})[1] for size in (10, MIB, 9)}
    assert len(seen) == 1
    assert Job(("a",), "test", disks={"a": Disk(1)}).room == Job(("b",), "test", disks={"b": Disk(MIB)}).room
    assert Job(("a",), "test", disks={"a": Disk(1)}).room != Job(("a",), "test").room


def test_a_file_that_cannot_be_read_is_the_matrixs_fault(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").touch()
    (tmp_path / "in" / "link").symlink_to("../secret")
    os.mkfifo(tmp_path / "in" / "pipe")
    disks.make(tmp_path / "disks", disks.CLOSED)
    for name in ("link", "pipe", "none"):
        with pytest.raises(UserError, match="which a disk is to hold, cannot be read"):
            disks.lay(tmp_path / "disks", {"a": Disk(10, tmp_path / "in" / name, tmp_path / "in")})
        assert disks.clear(tmp_path / "disks")


def test_disks_that_this_host_has_no_room_for_are_not_made(tmp_path: Path) -> None:
    disks.make(tmp_path / "disks", disks.CLOSED)
    with pytest.raises(InfrastructureError, match="may come to hold"):
        disks.lay(tmp_path / "disks", {f"a{n}": Disk(1 << 43) for n in range(8)})
    assert list((tmp_path / "disks").iterdir()) == []


FULL = """
import sys
from pathlib import Path
from bootmatrix.errors import Fatal
from bootmatrix.places import disks
folder = Path(sys.argv[1])
(folder / "image").write_bytes(b"x" * 700_000)
disks.make(folder / "disks", disks.CLOSED)
try:
    disks.lay(folder / "disks", {"a": disks.Disk(700_000, folder / "image", folder, read_only=True)})
except Fatal as error:
    print(error)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_ends_the_run_in_words(tmp_path: Path) -> None:
    mounted = f'mount -t tmpfs -o size=1m none "{tmp_path}" && exec "$@"'
    argv = ["unshare", "-m", "--propagation", "private", "sh", "-c", mounted, "sh", sys.executable, "-c", FULL]
    done = subprocess.run([*argv, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "cannot be written: No space left on device (the disk mounted at" in done.stdout


def test_nothing_is_read_of_a_disk_of_holes(tmp_path: Path) -> None:
    (tmp_path / "image").touch()
    os.truncate(tmp_path / "image", 1 << 33)
    disks.make(tmp_path / "disks", disks.CLOSED)
    laid = disks.lay(tmp_path / "disks", {"a": Disk(1 << 33, tmp_path / "image", tmp_path)})
    with laid.opened("a") as descriptor:
        assert sparse.written(descriptor) == 0
        assert os.fstat(descriptor).st_size == 1 << 33
