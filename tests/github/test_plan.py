"""`bootmatrix plan --format github`: the jobs of a workflow, of which GitHub takes 256 and 1 MB."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, write_matrix

if TYPE_CHECKING:
    from pathlib import Path

AXES = {"compiler": ["gcc", "clang"], "os": ["debian-12", "debian-13"], "arch": ["x86_64", "aarch64"]}


def matrix(**axes: list[str]) -> dict[str, Any]:
    return {
        "axes": {**AXES, "backend": ["qemu"], **axes},
        "tests": {"hello": {}, "stack": {"params": {"depth": [1, 2]}}},
    }


def planned(folder: Path, *options: str) -> list[dict[str, Any]]:
    done = bootmatrix("plan", "--format=github", *options, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert len(done.stdout.encode("utf-16")) < 1_000_000
    found: list[dict[str, Any]] = json.loads(done.stdout)["include"]
    return found


@pytest.mark.parametrize("options", [(), ("--jobs=3",), ("--minutes=0.01",), ("arch=x86_64", "!test=stack")])
def test_the_parts_that_are_planned_are_the_whole_selection(tmp_path: Path, options: tuple[str, ...]) -> None:
    write_matrix(tmp_path, matrix())
    select = [option for option in options if not option.startswith("--")]
    whole = bootmatrix("list", "--format=ids", *select, cwd=tmp_path).stdout.splitlines()
    parts = []
    for entry in planned(tmp_path, *options):
        part = bootmatrix("list", "--format=ids", "--shard", entry["shard"], *select, cwd=tmp_path).stdout.splitlines()
        assert (len(part), len({test.partition("/")[0] for test in part})) == (entry["tests"], entry["cells"])
        parts += part
    assert sorted(parts) == sorted(whole)


def test_a_job_has_one_image_and_an_image_more_jobs_where_they_would_be_long(tmp_path: Path) -> None:
    write_matrix(tmp_path, matrix())
    assert sorted(entry["images"] for entry in planned(tmp_path)) == [
        "debian-12-aarch64",
        "debian-12-x86_64",
        "debian-13-aarch64",
        "debian-13-x86_64",
    ]
    (tmp_path / "out").mkdir()
    took = {f"{cell}-debian-12-x86_64-qemu/hello": 900.0 for cell in ("gcc", "clang")}
    (tmp_path / "out/times.json").write_text(json.dumps({**took, "image debian-12": 1e6}))
    images = [entry["images"] for entry in planned(tmp_path, "test=hello", "--minutes=24", "--jobs=5")]
    assert len(images) == 5, "a test that was never measured takes as long as those that were"


def test_there_are_never_more_jobs_than_github_takes(tmp_path: Path) -> None:
    write_matrix(tmp_path, matrix(mine=[f"a{number}" for number in range(100)]))
    assert len(planned(tmp_path, "--minutes=0.001")) == 20
    assert len(planned(tmp_path, "--minutes=0.001", "--jobs=256")) == 256
    for wrong in ("--jobs=257", "--jobs=0", "--minutes=0", "--minutes=nan", "--minutes=inf"):
        done = bootmatrix("plan", "--format=github", wrong, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, ""), wrong


def test_no_cell_of_100_000_is_left_out(tmp_path: Path) -> None:
    many = {"one": [f"a{number}" for number in range(125)], "two": [f"b{number}" for number in range(100)]}
    write_matrix(tmp_path, {**matrix(**many), "tests": {"hello": {}}})
    found = planned(tmp_path, "--jobs=256", "--minutes=1")
    assert (len(found), sum(entry["cells"] for entry in found)) == (256, 100_000)


def test_names_mean_nothing_to_github(tmp_path: Path) -> None:
    folder = tmp_path / "images/mine"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("ARG flavour\nFROM scratch\n")
    hostile = ["a/b:c,d", "${{ x }}", "é ::error::", "x" * 128]
    write_matrix(tmp_path, matrix(os=["mine"], flavour=hostile))
    for options in ((), ("--jobs=1",)):
        for entry in planned(tmp_path, *options):
            assert re.fullmatch(r"[A-Za-z0-9_.+ -]{1,200}", entry["images"])


def test_a_part_with_a_key_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    write_matrix(tmp_path, matrix())
    shard = planned(tmp_path)[0]["shard"]
    assert bootmatrix("list", "--shard", shard, cwd=tmp_path).returncode == 0
    write_matrix(tmp_path, matrix(backend=["qemu", "solo5-spt"]))
    for command in ("list", "plan", "run"):
        done = bootmatrix(command, "--shard", shard, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"shard {shard[:3]} has other cells here: key " in done.stderr
        assert "times.json of the machine that made the plan" in done.stderr


def test_a_plan_for_github_is_of_all_parts(tmp_path: Path) -> None:
    write_matrix(tmp_path, matrix())
    done = bootmatrix("plan", "--format=github", "--shard=1/2", cwd=tmp_path)
    assert (done.returncode, "leave out --shard" in done.stderr) == (2, True)
