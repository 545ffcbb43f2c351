"""The runs of a project's parts, made once."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from merging.shards import AXES, TESTS, Project
from support import bootmatrix, runs, scripted, write_matrix

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_matrix(folder, scripted(AXES, **TESTS))
    planned = bootmatrix("plan", "--format=github", "--minutes=0.01", "--jobs=3", cwd=folder)
    for entry in json.loads(planned.stdout)["include"]:
        out = folder / "elsewhere" / entry["part"]
        done = bootmatrix("run", "--engine=host", "--shard", entry["shard"], f"--out={out}", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        (run,) = runs(out)
        shutil.copytree(run, folder / f"parts/bootmatrix-{entry['part']}")
    shutil.rmtree(folder / "elsewhere")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    shutil.copytree(made, tmp_path / "project")
    return Project(tmp_path / "project")
