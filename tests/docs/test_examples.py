"""The examples of the documentation load, and its tutorial works as written."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import pytest
import yaml
from docs.pages import EVERY, FILES, Fence, fences
from support import bootmatrix

from bootmatrix.boots import starvation
from bootmatrix.matrix import load
from bootmatrix.matrix.keys import schema

REPOSITORY = Path(__file__).resolve().parents[2]
FILLER = """\
axes:
  compiler: [gcc, clang]
  os: [debian-12, debian-13]
  arch: [x86_64, aarch64, riscv64]
  backend: [qemu, solo5-hvt, solo5-spt, solo5-virtio]
"""


def whole(fence: Fence) -> str:
    """An example as a matrix of its own: a fragment is the body of a test, or some of the file's sections."""
    if fence.info != "fragment":
        return fence.text
    found = yaml.safe_load(fence.text)
    if not set(found) <= set(schema.MatrixFile.model_fields):
        return f"{FILLER}nets: {{lan: }}\ntests:\n  example:\n{textwrap.indent(fence.text, '    ')}"
    return ("" if "axes" in found else FILLER) + fence.text + ("" if "tests" in found else "tests: {example: }\n")


MATRICES = [fence for fence in EVERY if fence.language == "yaml" and fence.info in {"", "fragment"}]


@pytest.mark.parametrize("fence", MATRICES, ids=lambda fence: str(fence.where))
def test_every_example_is_a_matrix(fence: Fence, repository: Path) -> None:
    file = repository / "matrix.yaml"
    file.write_text(whole(fence))
    assert load.load(file).cells


def test_every_fence_has_a_language_and_every_other_yaml_is_yaml() -> None:
    assert {fence.info for fence in MATRICES} == {"", "fragment"}
    for fence in EVERY:
        if fence.info == "other":
            assert yaml.safe_load(fence.text), fence.where


@pytest.mark.docker
@pytest.mark.parametrize("page", ["docs/worlds.md", "docs/guests.md"])
def test_the_first_example_runs_in_a_copy_of_our_unikernels(page: str, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "unikernels", tmp_path, dirs_exist_ok=True)
    first = next(fence for fence in fences(page) if fence.language == "yaml")
    (tmp_path / "matrix.yaml").write_text(first.text)
    for _ in range(4):  # a host that is too busy twice says that it was, and to run it again
        passed = bootmatrix("run", cwd=tmp_path)
        if passed.returncode != 3 or starvation.REMEDY not in passed.stdout:
            break
    assert (passed.returncode, "1 passed" in passed.stdout) == (0, True), passed.stdout + passed.stderr


def make_tutorial(folder: Path) -> None:
    for fence in fences("docs/tutorial.md"):
        if fence.info in FILES:
            (folder / fence.info).parent.mkdir(parents=True, exist_ok=True)
            (folder / fence.info).write_text(fence.text)


@pytest.mark.docker
def test_the_first_matrix_fits_the_tutorial(tmp_path: Path) -> None:
    make_tutorial(tmp_path)
    assert bootmatrix("init", cwd=tmp_path).returncode == 0
    passed = bootmatrix("run", "compiler=gcc", cwd=tmp_path)
    assert (passed.returncode, "1 passed" in passed.stdout) == (0, True), passed.stdout + passed.stderr
    source = tmp_path / "hello.c"
    source.write_text(source.read_text().replace("quit(0)", "quit(3)"))
    broken = bootmatrix("run", "compiler=gcc", cwd=tmp_path)
    assert (broken.returncode, "1 contradicted" in broken.stdout) == (1, True), broken.stdout + broken.stderr


@pytest.mark.docker
def test_the_tutorials_machines_boot(tmp_path: Path) -> None:
    make_tutorial(tmp_path)
    (more,) = (fence.text for fence in fences("docs/tutorial.md") if (fence.language, fence.info) == ("make", ""))
    makefile = tmp_path / "Makefile"
    makefile.write_text(more + makefile.read_text())
    matrix = [fence.text for fence in fences("docs/tutorial.md") if (fence.language, fence.info) == ("yaml", "")][-1]
    added = [fence.text for fence in fences("docs/tutorial.md") if fence.info == "fragment"][-1]
    (tmp_path / "matrix.yaml").write_text(matrix + added)
    (tmp_path / "runners").mkdir()
    (tmp_path / "runners/microvm.py").write_text(FILES["runners/microvm.py"])
    cells = ("gcc-debian-12-aarch64-qemu", "gcc-debian-12-x86_64-microvm")
    passed = bootmatrix("run", *cells, cwd=tmp_path)
    assert (passed.returncode, "2 passed" in passed.stdout) == (0, True), passed.stdout + passed.stderr
