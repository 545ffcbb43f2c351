"""Where cells are built and booted: what is planned for hosts over SSH."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import script, scripted, write_matrix

from bootmatrix.errors import UserError
from bootmatrix.matrix import load
from bootmatrix.planning import plan

if TYPE_CHECKING:
    from pathlib import Path


def matrix(there: dict[str, Any], **more: Any) -> dict[str, Any]:
    axes = {"compiler": ["clang"], "os": ["freebsd-14"], "arch": ["x86_64", "aarch64"], "backend": ["command"]}
    return {**scripted(axes, hello=script("echo hello")), "hosts": {"freebsd-14": there}, **more}


@pytest.mark.parametrize("engine", ["docker", "host"])
def test_its_cells_are_there_with_any_engine(engine: str, tmp_path: Path) -> None:
    found = plan.make(load.load(write_matrix(tmp_path, matrix({"ssh": "a", "arch": "x86_64"}))), engine=engine)
    assert [(step.arch, bool(step.remote), step.image) for step in found.boots if step.runs] == [("x86_64", True, None)]
    assert [step.skip for step in found.boots if step.skip] == ["the host freebsd-14 is for x86_64, not for aarch64"]
    assert [each.name for each in found.remotes] == ["freebsd-14"]
    assert found.images == ()


def test_builds_have_its_compilers(tmp_path: Path) -> None:
    there = {"ssh": "a", "arch": "x86_64", "compilers": {"clang": {"x86_64": {"CC": "clang19", "LD": "ld.lld"}}}}
    made = matrix(there, builds={"guest": {"run": "true"}})
    (step,) = plan.make(load.load(write_matrix(tmp_path, made))).builds
    assert (step.env["CC"], step.env["LD"], step.id) == ("clang19", "ld.lld", "guest-clang-freebsd-14-x86_64")
    del there["compilers"], made["axes"]["compiler"]
    (plain,) = plan.make(load.load(write_matrix(tmp_path, made))).builds
    assert plain.env["CC"] == "cc"
    there["compilers"], made["axes"]["compiler"] = {"clang": {"x86_64": {"CC": "clang19"}}}, ["gcc"]
    with pytest.raises(UserError, match="the host freebsd-14 has no compiler 'gcc' for x86_64"):
        plan.make(load.load(write_matrix(tmp_path, made)))
