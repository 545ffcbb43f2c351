"""Files of the repository that tests name: told before anything is built if they are not there, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, write_matrix

from bootmatrix.errors import UserError
from bootmatrix.matrix import load
from bootmatrix.planning import plan

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.errors import Problem

AXES = {"compiler": ["gcc", "clang"], "arch": ["x86_64"], "backend": ["qemu"]}
UNDER_TLS = {"http": {"url": "https://10.0.0.2/", "ca": "data/ca.pen"}}
NET = {"net0": "lan"}
BELOW = "did you mean"
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "file": ({"files": {"a": "data/initrd.igm"}}, "the file 'a', 'data/initrd.igm' in ", "did you mean 'initrd.img'?"),
    "folder": ({"files": {"a": "date/initrd.img"}}, "the file 'a', 'date/initrd.img' in ", "did you mean 'data'?"),
    "is a folder": ({"files": {"a": "data"}}, "the file 'a', 'data' in ", "name a plain file"),
    "is a pipe": ({"files": {"a": "data/pipe"}}, "the file 'a', 'data/pipe' in ", "name a plain file"),
    "up": ({"files": {"a": "../secret"}}, "the file 'a', '../secret', is outside of ", "give a path below"),
    "absolute": ({"files": {"a": "/etc/passwd"}}, "the file 'a', '/etc/passwd', is outside of ", "give a path below"),
    "link": ({"files": {"a": "data/link"}}, "the file 'a', 'data/link', is outside of ", "give a path below"),
    "of a cell": ({"files": {"a": "data/{compiler}.img"}}, "the file 'a', 'data/clang.img' in ", BELOW),
    "of a parameter": (
        {"params": {"n": ["1", "2"]}, "files": {"a": "data/{test}{n}"}},
        "the file 'a', 'data/t2' in ",
        "possible: ",
    ),
    "of an id": ({"files": {"a": "data/{cell}"}}, "the file 'a', 'data/clang-x86_64-qemu' in ", BELOW),
    "of an override": (
        {"when": [{"match": {"compiler": "clang"}, "files": {"a": "data/x"}}]},
        "the file 'a', 'data/x' in ",
        "possible: ",
    ),
    "disk": ({"blocks": {"d": {"file": "data/disk.igm"}}}, "the file of the disk 'd', 'data/disk.igm' in ", BELOW),
    "check": ({"nets": NET, "checks": [UNDER_TLS]}, "the file of certificates, 'data/ca.pen' in ", "'ca.pem'?"),
    "ready": ({"nets": NET, "ready": UNDER_TLS}, "the file of certificates, 'data/ca.pen' in ", "'ca.pem'?"),
    "guest": (
        {"guests": {"a": {"ready": "x"}, "b": {"files": {"f": "data/{guest}"}}}},
        "the file 'f', 'data/b' in ",
        "possible: ",
    ),
}
RIGHT: dict[str, dict[str, Any]] = {
    "no build": {"build": None, "unikernel": "no/such"},
    "of the build": {"files": {"a": "{output}/a"}, "blocks": {"d": {"file": "{output}/d"}}, "unikernel": "no/such"},
    "of an attempt": {"blocks": {"d": {"file": "data/{attempt}"}}},
    "skipped": {"files": {"a": "no/such"}, "skip": "not ported yet"},
    "without what it requires": {"files": {"a": "no/such"}, "requires": ["/no/such/device"]},
    "replaced": {"files": {"a": "no/such"}, "when": [{"match": {"arch": "x86_64"}, "files": {"a": "data/t1"}}]},
    "on other cells": {"only": {"compiler": "gcc"}, "files": {"a": "data/{compiler}.img"}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    (made / "data").mkdir(parents=True)
    for name in ("initrd.img", "disk.img", "gcc.img", "ca.pem", "t1", "gcc-x86_64-qemu"):
        (made / "data" / name).write_text("it")
    (tmp_path / "secret").touch()
    (made / "data" / "link").symlink_to("../../secret")
    os.mkfifo(made / "data" / "pipe")
    return made


def told(folder: Path, *terms: str, **changes: Any) -> list[Problem]:
    matrix = {"axes": AXES, "nets": {"lan": {}}, "builds": {"b": {"run": "make"}}, **changes}
    loaded = load.load(write_matrix(folder, matrix))
    try:
        plan.make(loaded, terms, "host")
    except UserError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_not_there_is_told_before_anything_is_built(folder: Path, case: str) -> None:
    test, what, remedy = WRONG[case]
    for terms in ((), ("test=t",)):
        (problem,) = told(folder, *terms, tests={"t": test, "good": {}})
        assert problem.what.startswith(what)
        assert remedy in problem.remedy
        assert problem.where
        assert problem.where.line > 1
    assert told(folder, "test=good", tests={"t": test, "good": {}}) == []


@pytest.mark.parametrize("case", RIGHT)
def test_what_a_build_makes_and_what_is_not_booted_is_not_looked_for(folder: Path, case: str) -> None:
    assert told(folder, tests={"t": RIGHT[case]}) == []


def test_a_file_that_no_backend_boots_is_not_looked_for(folder: Path) -> None:
    axes = {"arch": ["aarch64", "riscv64"], "backend": ["firecracker"]}
    (problem,) = told(folder, axes=axes, tests={"t": {"files": {"a": "data/{arch}"}}})
    assert problem.what.startswith("the file 'a', 'data/aarch64' in ")


def test_the_place_is_that_of_the_words_and_each_file_is_told_once(folder: Path) -> None:
    tests = {name: {"blocks": {"e": {"file": "data/y", "size": "1 MiB"}}} for name in ("t", "u", "v")}
    (folder / "matrix.yaml").write_text("")
    found = told(folder, defaults={"files": {"a": "data/x"}}, tests=tests)
    assert [problem.what.rpartition(" in ")[0] for problem in found] == [
        "the file 'a', 'data/x'",
        "the file of the disk 'e', 'data/y'",
    ]
    lines = (folder / "matrix.yaml").read_text().splitlines()
    for problem, word in zip(found, ("data/x", "data/y"), strict=True):
        assert problem.where
        assert lines[problem.where.line - 1][problem.where.column - 1 :] == word


def test_very_many_are_told_in_part(folder: Path) -> None:
    found = told(folder, tests={f"t{n}": {"files": {"a": f"no/{n}"}} for n in range(150)})
    assert len(found) == 101
    assert str(found[-1]) == "more than 100 files are not there: the rest is not shown"


@pytest.mark.parametrize("command", [("plan",), ("run", "--engine", "host"), ("repro", "gcc-x86_64-qemu/t")])
def test_every_command_that_plans_boots_tells_it(folder: Path, command: tuple[str, ...]) -> None:
    builds = {"b": {"run": f"touch {folder}/built"}}
    write_matrix(folder, {"axes": AXES, "builds": builds, "tests": {"t": {"files": {"a": "data/initrd"}}}})
    done = bootmatrix(*command, cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache"))
    assert done.returncode == 2
    line, remedy = done.stderr.splitlines()[:2]
    assert line == f"error: matrix.yaml:15:10: the file 'a', 'data/initrd' in {folder}, is not there"
    assert remedy.startswith("    in data: did you mean 'initrd.img'? possible: ")
    assert not (folder / "built").exists()
