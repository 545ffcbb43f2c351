"""What builds leave behind, as those leave it who want to reach further than their folder."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bootmatrix import files
from bootmatrix.toolchains import output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Path]:
    """Removed by us: pytest cannot remove folders in folders without end."""
    with files.scratch("made-", tmp_path) as folder:
        yield folder


def settle(made: Path) -> list[str]:
    left_out: list[str] = []
    output.settle(made, left_out.append)
    return left_out


def mode(file: Path) -> int:
    return stat.S_IMODE(file.lstat().st_mode)


@pytest.mark.parametrize(
    ("before", "after"), [(0o6755, 0o755), (0o4600, 0o644), (0o1000, 0o444), (0, 0o444), (0o700, 0o744), (0o666, 0o666)]
)
def test_files_can_be_read_and_give_nobody_rights(made: Path, before: int, after: int) -> None:
    (made / "file").touch()
    (made / "file").chmod(before)
    assert settle(made) == []
    assert mode(made / "file") == after


@pytest.mark.parametrize(("before", "after"), [(0, 0o755), (0o7777, 0o777), (0o2700, 0o755)])
def test_folders_can_be_entered(made: Path, before: int, after: int) -> None:
    (made / "sub" / "deep").mkdir(parents=True)
    (made / "sub" / "deep" / "file").touch(0o600)
    for folder in (made / "sub" / "deep", made / "sub", made):
        folder.chmod(before)
    settle(made)
    assert {mode(made), mode(made / "sub"), mode(made / "sub" / "deep")} == {after}
    assert mode(made / "sub" / "deep" / "file") == 0o644


def test_nothing_happens_behind_a_link(made: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "file").touch()
    (tmp_path / "victim" / "file").chmod(0o600)
    (tmp_path / "victim").chmod(0o700)
    (made / "folder").symlink_to(tmp_path / "victim")
    (made / "file").symlink_to(tmp_path / "victim" / "file")
    (made / "loop").symlink_to("loop")
    assert settle(made) == []
    assert (mode(tmp_path / "victim"), mode(tmp_path / "victim" / "file")) == (0o700, 0o600)
    assert sorted(entry.name for entry in made.iterdir()) == ["file", "folder", "loop"]


def test_a_folder_that_became_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir(mode=0o700)
    (tmp_path / "made").symlink_to("victim")
    with pytest.raises(NotADirectoryError, match="not a folder any more"):
        settle(tmp_path / "made")
    assert mode(tmp_path / "victim") == 0o700


def test_what_is_no_file_is_left_out_and_told(made: Path) -> None:
    os.mkfifo(made / "a\npipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(made / "socket"))
    wanted = {f"{made}/a\npipe is not kept: it is a pipe", f"{made}/socket is not kept: it is a socket"}
    if not os.getuid():
        os.mknod(made / "device", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        wanted.add(f"{made}/device is not kept: it is a device")
    (made / "file").touch()
    assert set(settle(made)) == wanted
    assert [entry.name for entry in made.iterdir()] == ["file"]


def test_folders_in_folders_without_end_are_refused(made: Path) -> None:
    at = os.open(made, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=at)
        at, before = os.open("d", os.O_RDONLY, dir_fd=at), at
        os.close(before)
    os.close(at)
    with pytest.raises(OSError, match="levels of folders"):
        settle(made)


def test_a_file_system_that_is_mounted_there_is_left_alone(made: Path) -> None:
    if os.getuid():
        pytest.skip("to mount needs root")
    (made / "there").mkdir()
    program = (
        "import pathlib, sys; from bootmatrix.toolchains import output\n"
        "try: output.settle(pathlib.Path(sys.argv[1]), print)\n"
        "except OSError as error: print(error.strerror, oct(pathlib.Path(sys.argv[1], 'there').stat().st_mode))"
    )
    mounted = 'mount -t tmpfs -o mode=700 tmpfs "$2/there" && exec "$0" -c "$1" "$2"'
    command = ["unshare", "-m", "--propagation", "private", "sh", "-c", mounted, sys.executable, program, str(made)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"a file system is mounted at {made}/there 0o40700\n"
