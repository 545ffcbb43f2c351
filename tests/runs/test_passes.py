"""A pass, and what was built, count where they were made: in one kind of place, with the programs that it had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bootmatrix.matrix import load
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.planning import plan
from bootmatrix.runs.passes import Keys

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep

MATRIX = """
axes: {backend: [command]}
tests: {t: {unikernel: kernel, runner: {command: ["true"]}}}
"""
BUILDS = "builds: {b: {run: 'true'}}\n"


class Updated(LocalPlace):
    """Our host, once its compiler is another."""

    identity = "other programs"


class Elsewhere(LocalPlace):
    """A place of another kind, whose programs are called the same."""


@pytest.fixture(autouse=True)
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    (tmp_path / "kernel").write_text("a unikernel")


def step_of(folder: Path, matrix: str) -> BootStep:
    (folder / "matrix.yaml").write_text(matrix)
    (step,) = plan.make(load.load(folder / "matrix.yaml"), (), "host").boots
    return step


OTHERS = pytest.mark.parametrize("other", [Updated(), Elsewhere()], ids=lambda place: type(place).__name__)


@OTHERS
def test_a_pass_counts_where_it_was_made(other: Place, tmp_path: Path) -> None:
    step = step_of(tmp_path, MATRIX)
    first = Keys().of(step, step.fields, LocalPlace())
    assert first
    assert Keys().of(step, step.fields, LocalPlace()) == first
    assert Keys().of(step, step.fields, other) not in {first, ""}


@OTHERS
def test_a_build_counts_where_it_was_made(other: Place, tmp_path: Path) -> None:
    build = step_of(tmp_path, MATRIX + BUILDS).build
    assert build
    assert build.output(LocalPlace()) == build.output(LocalPlace())
    assert build.output(LocalPlace()) != build.output(other)
