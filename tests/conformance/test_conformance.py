"""Runners are held to the truth: those that tell it are proven, and a lie of each kind is caught where it is told."""

from __future__ import annotations

import json
import platform
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest
from conformance import liars
from conformance.columns import UNTOLD, by_name, held
from support import bootmatrix, runs, started

from bootmatrix import plugins
from bootmatrix.conformance import kit
from bootmatrix.conformance.capabilities import NAMES

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (liars.ROOT / "docs/conformance.md").read_text().partition("## The runners that ship")[2]
MARKS = {"qemu": pytest.mark.qemu, "solo5": pytest.mark.solo5}


def test_what_is_proven_and_what_is_impossible_is_told_and_how_to_repeat_it(tmp_path: Path, cache: Path) -> None:
    status, (column,) = held(tmp_path, cache, "command", "--only", "cpus", "--only", "hang", "--only", "exit-1")
    found = by_name(column)
    assert found.keys() == {"exit-1", "hang", "cpus"}
    assert {name: said for name, (said, _) in found.items()} == {
        "exit-1": "proven",
        "hang": "proven",
        "cpus": "impossible",
    }
    assert found["cpus"][1] == "the command line alone says how many processors there are"
    assert status == 0
    assert not (tmp_path / "matrix.yaml").exists()
    (run,) = runs(tmp_path / "out" / "conformance")
    repeated = {result["repro"] for result in json.loads((run / "report.json").read_text())["results"]}
    assert "bootmatrix conformance command --arch x86_64 --engine host --only hang" in repeated


COLUMNS = [
    pytest.param(backend, arch, marks=MARKS.get(backend.partition("-")[0], ()))
    for backend in plugins.builtin_names("runners")
    for arch in getattr(kit.of(backend, liars.ROOT / "docs"), "architectures", [platform.machine()])
]


@pytest.mark.parametrize(("backend", "arch"), COLUMNS)
def test_every_runner_that_ships_is_as_the_table_says(backend: str, arch: str, tmp_path: Path, cache: Path) -> None:
    if "xen" in backend and not shutil.which("xl"):
        pytest.skip("xl is not on PATH: its guests would be built, and none of them booted")
    status, (column,) = held(tmp_path, cache, backend, "--arch", arch)
    found = by_name(column)
    assert [(name, words) for name, (said, words) in found.items() if said == "wrong"] == []
    if left := {words for said, words in found.values() if said == "not run"}:
        pytest.skip(f"not run: {'; '.join(sorted(left))}")  # a tool is missing, or this machine is too busy
    assert status == 0
    header, *rows = (line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith(("| cap", "| `")))
    at = header.index(f"{backend} {arch}")
    told = {row[0].strip("`"): row[at].partition(" (")[0] for row in rows if len(row) == len(header)}
    assert {name: said for name, (said, _) in found.items()} == told


def test_every_capability_has_a_lie() -> None:
    assert {*liars.OF_COMMAND, *liars.OF_QEMU} == set(NAMES)


@pytest.mark.parametrize(
    ("base", "text", "lies", "kit"),
    [
        pytest.param("command", liars.COMMAND, liars.OF_COMMAND, "", id="command"),
        pytest.param("qemu", liars.QEMU, liars.OF_QEMU, "", id="qemu", marks=pytest.mark.qemu),
    ],
)
def test_each_lie_is_caught(base: str, text: str, lies: dict[str, str], kit: str, tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, base, text, kit)
    only = [word for name in lies for word in ("--only", name)]
    status, (column,) = held(tmp_path, cache, "liar", "--arch", "x86_64", *only)
    found = by_name(column)
    assert {name: said for name, (said, _) in found.items()} == dict.fromkeys(lies, "wrong")
    assert [found[name][1] for name, words in lies.items() if words not in found[name][1]] == []
    assert status == 1


def test_a_lie_is_told_with_the_truth_and_the_console(tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", liars.COMMAND)
    told = bootmatrix(
        *("conformance", "liar", "--engine", "host", "--only", "exit-63"), cwd=tmp_path, BOOTMATRIX_CACHE=str(cache)
    )
    assert told.returncode == 1
    said, console, counted = told.stdout.splitlines()
    assert "exited(64) instead of exited(63)" in said
    assert said.endswith("the truth: the guest ends with status 63")
    assert (tmp_path / console.strip()).read_text() == "conformance: ends\n"
    assert counted == "liar on x86_64: 1 wrong"


def test_what_was_not_run_says_why_and_is_no_failure(tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", UNTOLD, "lacks: {disk: its guests have no driver yet}\n")
    shutil.copy(tmp_path / "runners" / "liar.py", tmp_path / "runners" / "without_guests.py")
    only = ("--only", "disk", "--only", "exit-0")
    status, (first, second, third) = held(tmp_path, cache, "liar", "without-guests", "qemu", "--arch", "s390x", *only)
    assert status == 0
    for column in (first, third):
        assert by_name(column)["exit-0"][0] == "not run"
        assert by_name(column)["exit-0"][1].startswith("needs guests for s390x: kits/")
    assert by_name(second)["exit-0"][1].startswith("needs guests: there is no kits/without-guests/kit.yaml")
    status, (column,) = held(tmp_path, cache, "liar", *only)
    assert (status, by_name(column)["disk"]) == (0, ("not run", "its guests have no driver yet"))
    assert by_name(column)["exit-0"] == ("proven", "")


ONCE = """
from dataclasses import dataclass
from bootmatrix.model import Launch
from bootmatrix.runners import command

@dataclass(frozen=True)
class Runner(command.Runner):
    def launch(self, boot):
        again = "mkdir MARK 2>&- && exit 3; exec \\"$@\\""
        return Launch(("/bin/sh", "-c", again, "sh", *super().launch(boot).argv))
"""


def test_a_pass_at_a_second_try_proves_nothing(tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", ONCE.replace("MARK", str(tmp_path / "mark")))
    kit_file = tmp_path / "kits" / "liar" / "kit.yaml"
    kit_file.write_text(kit_file.read_text().replace("defaults:\n", "defaults:\n  retry: {attempts: 2}\n"))
    status, (column,) = held(tmp_path, cache, "liar", "--only", "exit-0")
    assert (status, by_name(column)["exit-0"][0]) == (1, "wrong")
    assert "passed at attempt 2" in by_name(column)["exit-0"][1]


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ('{"netwrok": "it has none"}', "did you mean 'network'?"),
        ('{"network"}', "must map capabilities to reasons"),
        ('{"network": None}', "must map capabilities to reasons"),
    ],
)
def test_what_is_wrongly_called_impossible_is_told(declared: str, words: str, tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", UNTOLD.replace("{}", declared))
    told = bootmatrix("conformance", "liar", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(cache))
    assert told.returncode == 2
    assert words in told.stderr


def test_an_interrupt_ends_it_with_what_was_found(tmp_path: Path, cache: Path) -> None:
    liars.write(tmp_path, "command", UNTOLD)
    file = tmp_path / "kits" / "liar" / "kit.yaml"
    file.write_text(file.read_text().replace("tests:\n", "tests:\n  hang: {idle_timeout: 5 min, timeout: 5 min}\n"))
    words = ("conformance", "liar", "command", "--engine", "host", "--only", "hang")
    with started(*words, cwd=tmp_path, BOOTMATRIX_CACHE=str(cache)) as process:
        log = tmp_path / "out" / "conformance"
        while not any('"boot started"' in file.read_text() for file in log.glob("*/events.jsonl")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        said = process.stdout.read()
    assert "liar on x86_64: not run" in said
    assert "command on" not in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name backends, or give --all"),
        (("qemu", "--all"), "name backends, or give --all"),
        (("qmu",), "did you mean 'qemu'?"),
        (("qemu", "--only", "exit-2"), "there is no capability 'exit-2'"),
        (("qemu", "-C", "nowhere"), "there is no folder"),
    ],
)
def test_a_wrong_command_line_is_told(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    done = bootmatrix("conformance", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
