"""The plan: what is shared, what is skipped and why, and what changes a key."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from support import write_matrix

from bootmatrix import host, keys
from bootmatrix.errors import UserError
from bootmatrix.matrix import load
from bootmatrix.planning import plan

if TYPE_CHECKING:
    from pathlib import Path

AXES = {"compiler": ["gcc", "clang"], "os": ["debian-12"], "arch": ["x86_64"], "backend": ["qemu", "solo5-spt"]}


def planned(folder: Path, *terms: str, engine: str = "docker", **changes: Any) -> plan.Plan:
    matrix = {"axes": AXES, "builds": {"b": {"run": "make"}}, "tests": {"t": {}, "u": {}}, **changes}
    return plan.make(load.load(write_matrix(folder, matrix)), terms, engine)


def build_keys(found: plan.Plan) -> list[str]:
    return [step.key for step in found.builds]


def test_a_build_that_does_not_name_backend_is_shared_by_all(tmp_path: Path) -> None:
    found = planned(tmp_path, builds={"b": {"run": "make", "axes": ["compiler", "os", "arch"]}})
    assert len(found.boots) == 8
    assert [step.id for step in found.builds] == ["b-gcc-debian-12-x86_64", "b-clang-debian-12-x86_64"]
    assert {step.build.key for step in found.boots if step.build} == set(build_keys(found))


def test_without_axes_a_build_depends_on_all_but_backend(tmp_path: Path) -> None:
    mine = planned(tmp_path, axes={**AXES, "ocaml": ["4.14", "5.3"]})
    assert [step.id for step in mine.builds][:2] == ["b-gcc-debian-12-x86_64-4.14", "b-gcc-debian-12-x86_64-5.3"]
    assert len(mine.builds) == 4


def test_a_build_that_names_backend_is_not_shared(tmp_path: Path) -> None:
    found = planned(tmp_path, builds={"b": {"run": "make", "axes": ["backend"]}})
    assert len(found.builds) == 2 * len({image.tag for image in found.images})
    assert {step.env["BACKEND"] for step in found.builds} == {"qemu", "solo5-spt"}


def test_a_shared_build_is_not_told_a_backend(tmp_path: Path) -> None:
    assert all("BACKEND" not in step.env for step in planned(tmp_path).builds)


def test_cells_share_an_image_unless_its_dockerfile_names_their_axis(tmp_path: Path) -> None:
    folder = tmp_path / "images" / "mine"
    folder.mkdir(parents=True)
    axes = {**AXES, "os": ["mine"]}
    (folder / "Dockerfile").write_text("FROM scratch\nARG arch\n")
    assert [image.name for image in planned(tmp_path, axes=axes).images] == ["mine-x86_64"]


def test_every_axis_that_a_dockerfile_names_makes_an_image(tmp_path: Path) -> None:
    folder = tmp_path / "images" / "mine"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nARG compiler\nARG arch=x86_64\nARG unknown\n")
    found = planned(tmp_path, axes={**AXES, "os": ["mine"]})
    assert [image.name for image in found.images] == ["mine-gcc-x86_64", "mine-clang-x86_64"]


def test_the_host_engine_skips_other_systems_with_a_reason(tmp_path: Path) -> None:
    here = host.os_name()
    others = [name for name in ("debian-12", "debian-13") if name != here]
    found = planned(tmp_path, engine="host", axes={**AXES, "os": others})
    assert (found.images, found.builds) == ((), ())
    assert {step.skip for step in found.boots} == {
        f"this host runs {here}, but the cell wants {other}; --engine docker uses an image instead" for other in others
    }


def test_the_host_engine_takes_a_matrix_without_systems(tmp_path: Path) -> None:
    found = planned(tmp_path, engine="host", axes={"backend": ["qemu"]})
    assert [(step.skip, step.image) for step in found.boots] == [("", None), ("", None)]
    assert [step.image for step in found.builds] == [None]


def test_what_is_skipped_or_impossible_is_not_built(tmp_path: Path) -> None:
    found = planned(
        tmp_path,
        axes={**AXES, "arch": ["riscv64"], "backend": ["solo5-spt"]},
        tests={"t": {}, "s": {"skip": "not yet"}},
    )
    assert (found.images, found.builds) == ((), ())
    assert {step.skip for step in found.boots if step.test == "s"} == {"not yet"}
    assert all("riscv64" in step.error for step in found.boots if step.test == "t")


def test_a_selection_limits_what_is_built(tmp_path: Path) -> None:
    found = planned(tmp_path, "compiler=clang", "test=t", "backend=qemu")
    assert [step.id for step in found.boots] == ["clang-debian-12-x86_64-qemu/t"]
    assert len(found.builds) == 1


def test_a_selection_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        planned(tmp_path, "compiler=gc")


def test_a_compiler_that_the_image_lacks_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"matrix.yaml:3:5: the image debian-12 has no compiler 'tcc'"):
        planned(tmp_path, axes={**AXES, "compiler": ["tcc"]})


def test_placeholders_are_filled_in(tmp_path: Path) -> None:
    tests = {"t": {"params": {"n": [1, 2]}, "unikernel": "{test}-{n}-{arch}.{format}"}}
    found = planned(tmp_path, "backend=solo5-spt", "compiler=gcc", tests=tests)
    assert [step.fields.unikernel for step in found.boots] == ["t-1-x86_64.spt", "t-2-x86_64.spt"]


@pytest.mark.parametrize(
    "changed",
    [
        {"run": "make all"},
        {"run": ["make", "make"]},
        {"run": "make", "env": {"A": "1"}},
        {"run": "make", "network": True},
        {"run": "make", "output": "bin"},
        {"run": "make", "prefixes": ["/usr/local/share/man"]},
        {"run": "make", "source": "sub"},
    ],
)
def test_a_builds_key_changes_with_what_goes_in(tmp_path: Path, changed: dict[str, Any]) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "Makefile").write_text("all:\n")
    before = planned(tmp_path, builds={"b": {"run": "make"}})
    after = planned(tmp_path, builds={"b": changed})
    assert not set(build_keys(before)) & set(build_keys(after))


def test_a_builds_key_changes_with_its_source_and_not_with_the_matrix_around_it(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    spec = {"b": {"run": "make", "source": "src", "timeout": "1 h"}}
    before = build_keys(planned(tmp_path, builds=spec))
    spec["b"]["timeout"] = "2 h"
    assert build_keys(planned(tmp_path, builds=spec, tests={"other": {}})) == before
    (tmp_path / "src" / "new.c").write_text("")
    assert not set(build_keys(planned(tmp_path, builds=spec))) & set(before)


def test_a_plan_of_a_plain_file_needs_no_build(tmp_path: Path) -> None:
    found = planned(tmp_path, builds={}, tests={"t": {"unikernel": "t.elf"}})
    assert found.builds == ()
    assert all(step.build is None for step in found.boots)


def test_a_plan_starts_nothing_and_writes_nothing(tmp_path: Path) -> None:
    planned(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["matrix.yaml"]


def test_a_tenders_prefix_with_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools").mkdir()
    monkeypatch.chdir(tmp_path / "tools")
    tests = {"t": {"runner": {"prefix": str(tmp_path / "tools")}}}
    assert planned(tmp_path, tests=tests, builds={}).boots
    keys.of_prefix.cache_clear()
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("it")  # its path has 108 characters at the most
        with pytest.raises(UserError, match=r"contains a socket, .*/tools/it"):
            planned(tmp_path, tests=tests, builds={})


def test_a_runner_that_may_not_be_imported_is_planned_with_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "runners").mkdir()
    (tmp_path / "runners/mine.py").write_text("raise SystemExit('imported')")
    found = planned(tmp_path, axes={**AXES, "backend": ["mine"]}, tests={"t": {"runner": {"any": "option"}}})
    assert [(step.backend, step.runs, step.fields.unikernel) for step in found.boots] == [
        ("mine", True, "t.{format}")
    ] * 2
    assert (len(found.images), len(found.builds)) == (1, 2)
