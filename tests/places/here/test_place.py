"""What holds on the host alone: its children's statuses, and what its jobs leave in their folders."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import read, run_job

from bootmatrix import files
from bootmatrix.errors import InfrastructureError
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def _forgetful() -> Iterator[None]:
    """The kernel forgets how children end."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.mark.usefixtures("_forgetful")
def test_a_status_that_was_lost_is_never_a_pass() -> None:
    with pytest.raises(InfrastructureError, match="status of a process was lost"):
        run_job(LocalPlace(), Job(("sh", "-c", "sleep 0.2; exit 3"), "test"))


def test_a_status_that_something_else_took_is_never_a_pass() -> None:
    with LocalPlace().start(Job(("sh", "-c", "echo $$; exit 3"), "test")) as process:
        os.waitpid(int(read(process)[1]), 0)
        with pytest.raises(InfrastructureError, match="status of a process was lost"):
            read(process)


def test_folders_in_folders_without_end_are_removed_with_the_job(tmp_path: Path) -> None:
    deep = "import os\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')"
    ended, _, tender = run_job(LocalPlace(tmp_path), Job((sys.executable, "-c", deep), "test"))
    assert ended.status == 0, tender
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_folder_is_nobody_elses_and_goes_with_all_that_is_in_it(tmp_path: Path) -> None:
    with files.scratch("x-", tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "sub").mkdir()
        (folder / "link").symlink_to(tmp_path)
        (folder / "sub" / "file").touch()
        (folder / "sub").chmod(0)
    assert list(tmp_path.iterdir()) == []


def test_the_error_of_who_uses_a_scratch_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyError), files.scratch("x-", tmp_path):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 100_000])
def test_what_left_the_group_of_a_job_is_ended_however_much_it_has_in_its_environment(size: int) -> None:
    """Its mark stands behind what is longer than is read at once."""
    large = f'A="$(head -c {size} /dev/zero | tr "\\0" x)"'
    hidden = f"setsid env -i {large} BOOTMATRIX_JOB=$BOOTMATRIX_JOB $(command -v sleep) 1000 &"
    there = 'until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done; echo $!; sleep 1000'
    with LocalPlace().start(Job(("sh", "-c", f"{hidden} {there}"), "test")) as process:
        number = int(read(process)[1])
    with contextlib.suppress(FileNotFoundError):
        assert Path("/proc", str(number), "cmdline").read_bytes() == b""  # a zombie at most


def test_what_is_not_of_a_job_lives_on() -> None:
    with subprocess.Popen(["sleep", "1000"], env={"BOOTMATRIX_JOB": "1-1", "NOT_BOOTMATRIX_JOB": "x"}) as other:
        try:
            run_job(LocalPlace(), Job(("true",), "test"))
            assert other.poll() is None
        finally:
            other.kill()
