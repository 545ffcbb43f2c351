"""What a pool of containers removes in the end: what it has made, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, write_matrix

from bootmatrix.places.containers.pool import Pool

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.docker


def test_a_pool_that_made_no_container_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("here")
    with Pool("tests-nothing", tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "here"


def test_plan_leaves_the_project_as_it_was(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    axes = {"os": ["debian-12"], "arch": ["x86_64"], "backend": ["qemu"]}
    builds = {"guests": {"source": "src", "run": "true"}}
    write_matrix(project, {"axes": axes, "builds": builds, "tests": {"t": {"build": "guests"}}})
    before = sorted(project.rglob("*"))
    done = bootmatrix("plan", cwd=project, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    assert (done.returncode, "1 build\n" in done.stdout) == (0, True)
    assert sorted(project.rglob("*")) == before
