"""Kits that are wrong, or whose guests cannot be made: each is told with its place, before anything is proven."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from conformance import liars
from conformance.columns import UNTOLD, by_name, held
from support import bootmatrix, runs

if TYPE_CHECKING:
    from pathlib import Path


def test_guests_that_cannot_be_built_are_a_failure_with_the_compilers_words(tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", UNTOLD)
    (tmp_path / "kits" / "liar" / "disk.c").write_text("#error no such disk\n")
    status, (column,) = held(tmp_path, cache, "liar", "--only", "disk", "--only", "exit-0")
    assert status == 1
    assert {said for said, _ in by_name(column).values()} == {"not run"}
    assert "no such disk" in by_name(column)["exit-0"][1]


def test_a_file_that_a_kit_does_not_make_is_told_with_the_nearest(tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", UNTOLD)
    made = tmp_path / "kits" / "liar" / "Makefile"
    made.write_text(made.read_text().replace("all: $(OUT)/conformance.bin", "all:"))
    status, (column,) = held(tmp_path, cache, "liar", "--only", "exit-0")
    (words,) = {words for _, words in by_name(column).values()}
    assert words.endswith("did not produce 'conformance.bin'; did you mean 'net.bin'?")
    assert status == 1


def test_a_folder_that_a_kit_may_use_is_said_on_the_command_line(tmp_path: Path, cache: Path) -> None:
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "project"
    (elsewhere / "bin").mkdir(parents=True)
    (elsewhere / "bin" / "env").symlink_to("/usr/bin/env")
    root.mkdir()
    liars.write(root, "command", UNTOLD)
    kit_file = root / "kits" / "liar" / "kit.yaml"
    kit_file.write_text(kit_file.read_text().replace("{format: bin,", f"{{format: bin, prefix: {elsewhere},"))
    words = ("conformance", "liar", "--engine", "host", "--only", "exit-1")
    refused = bootmatrix(*words, cwd=root, BOOTMATRIX_CACHE=str(cache))
    assert refused.returncode == 2
    assert f"add --allow {elsewhere}" in refused.stderr
    allowed = bootmatrix(*words, "--allow", str(elsewhere), cwd=root, BOOTMATRIX_CACHE=str(cache))
    assert (allowed.returncode, allowed.stdout.splitlines()[0].split()) == (0, ["exit-1", "proven"])
    (run,) = runs(root / "out" / "conformance")
    (again,) = {result["repro"] for result in json.loads((run / "report.json").read_text())["results"]}
    assert again.endswith(f"--engine host --allow {elsewhere} --only exit-1")


def test_a_compiler_that_is_missing_is_named(tmp_path: Path, cache: Path) -> None:
    told = bootmatrix(
        *("conformance", "qemu", "--engine", "host", "--arch", "riscv64", "--format", "json"),
        cwd=tmp_path,
        BOOTMATRIX_CACHE=str(cache),
        PATH=str(tmp_path),
    )
    (column,) = json.loads(told.stdout)
    why = "needs riscv64-linux-gnu-gcc on PATH, to build the guests for riscv64"
    assert set(by_name(column).values()) == {("not run", why)}
    assert told.returncode == 0


WRONG = {
    "unknown capability": ("lacks: {trip: it does not trip}\n", "kits/liar/kit.yaml:11:9: there is no capability"),
    "unknown key": ("lack: {}\n", "unknown key 'lack'"),
    "no build": ("build:\n", "duplicate key 'build'"),
    "unknown option": ("panic: [a, b]\n", "panic: must be a text, not a list"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_kit_is_told_with_its_place(name: str, tmp_path: Path, cache: Path) -> None:
    added, words = WRONG[name]
    liars.write(tmp_path, "command", UNTOLD, added)
    told = bootmatrix("conformance", "liar", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(cache))
    assert (told.returncode, told.stdout) == (2, "")
    assert words in told.stderr
    assert "kit.yaml:" in told.stderr


@pytest.mark.parametrize(
    "instead",
    [
        "defaults:\n  expect: {outcome: exited(0)}\n",
        "defaults:\n  when: [{match: {arch: x86_64}, expect: {outcome: exited(0)}}]\n",
        "tests:\n  trap: {expect: {outcome: exited(0)}}\n",
    ],
)
def test_a_kit_cannot_change_the_truth(instead: str, tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", liars.COMMAND)
    kit_file = tmp_path / "kits" / "liar" / "kit.yaml"
    kit_file.write_text(kit_file.read_text().replace(instead.partition("\n")[0] + "\n", instead))
    told = bootmatrix("conformance", "liar", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(cache))
    assert told.returncode == 2
    assert "a kit cannot say what is expected" in told.stderr
    assert "kits/liar/kit.yaml:" in told.stderr


def test_a_file_that_is_missing_is_named_before_anything_is_built(tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", UNTOLD)
    kit_file = tmp_path / "kits" / "liar" / "kit.yaml"
    kit_file.write_text(kit_file.read_text().replace("defaults:\n", "defaults:\n  requires: /no/such/toolchain\n"))
    told = bootmatrix("conformance", "liar", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(cache))
    assert told.returncode == 0
    assert told.stdout == "liar on x86_64: not run: needs /no/such/toolchain, which this host has not\n"
    assert not (tmp_path / "out").exists()


def test_a_kit_that_leads_out_of_its_folder_is_not_read(tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", UNTOLD)
    file = tmp_path / "kits" / "liar" / "kit.yaml"
    file.unlink()
    file.symlink_to("/etc/passwd")
    told = bootmatrix("conformance", "liar", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(cache))
    assert told.returncode == 2
    assert f"{file} cannot be read" in told.stderr
    assert "root:" not in told.stderr
