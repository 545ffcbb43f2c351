"""A boot in a box by hand: the line that `repro` prints does it, and nothing of it is left."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from support import PATHS, bootmatrix, scripted, write_matrix

from bootmatrix.commands import box
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image

NEEDY = """
from dataclasses import replace

from bootmatrix.runners import command

class Runner(command.Runner):
    def tender(self, arch):
        return replace(super().tender(arch), accelerators=("kvm",))
"""
TEST = "debian-12-needy/t"
SAYS = 'read line; echo "<$line>"; ls /dev/kvm; echo error >&2; exit 3'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository of a test that needs KVM."""
    (tmp_path / "it").touch()
    (tmp_path / "runners").mkdir()
    (tmp_path / "runners" / "needy.py").write_text(NEEDY)
    test = {"unikernel": "it", "runner": {"command": ["sh", "-c", SAYS]}}
    matrix = scripted({"os": ["debian-12"], "backend": ["needy"]}, t=test, both={"guests": {"a": test, "b": test}})
    write_matrix(tmp_path, matrix)
    return tmp_path


@pytest.mark.docker
def test_the_line_that_is_printed_boots_it_in_a_box(project: Path, debian_12: Image) -> None:
    assert debian_12
    printed = bootmatrix("repro", TEST, "--box", "always", cwd=project)
    assert printed.returncode == 0, printed.stderr
    *remarks, line = printed.stdout.splitlines()
    assert all(each.startswith("# ") for each in remarks)
    assert remarks[-1].endswith(f"{line} -- sh -i")
    env = {**os.environ, "PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "bootmatrix", *shlex.split(line)[shlex.split(line).index("box") :]]
    done = subprocess.run(words, cwd=project, env=env, input=b"typed\n", capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (3, b"<typed>\n/dev/kvm\n"), done.stderr
    assert done.stderr.endswith(b"error\n")


@pytest.mark.docker
def test_of_several_guests_a_run_boots_all(project: Path, debian_12: Image) -> None:
    assert debian_12
    test = "debian-12-needy/both"
    printed = bootmatrix("repro", test, "--box", "always", cwd=project)
    assert printed.stdout.splitlines()[-1].endswith(f" run --box always {test}")
    refused = bootmatrix("box", test, cwd=project)
    assert refused.returncode == 2
    assert f"bootmatrix run --box always {test}" in refused.stderr


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 200", 200), ("kill -SEGV $$", 139)])
def test_the_status_is_the_commands_as_a_shell_has_it(script: str, status: int) -> None:
    with LocalPlace().start(Job(("sh", "-c", script), "test")) as process:
        assert box._followed(process, threading.Event()) == status  # noqa: SLF001


def test_what_is_to_end_is_ended(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    ending = threading.Event()
    with LocalPlace().start(Job(("sh", "-c", "trap '' INT TERM; echo on; exec sleep 1000"), "test")) as process:
        following: list[int] = []
        thread = threading.Thread(target=lambda: following.append(box._followed(process, ending)))  # noqa: SLF001
        thread.start()
        ending.set()
        thread.join(60)
    assert following == [box.INTERRUPTED]
    assert capfdbinary.readouterr().out in {b"", b"on\n"}
