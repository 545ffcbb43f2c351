"""What a runner's `launch` names beside the command line, from a run and from `repro`."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, write_matrix

from bootmatrix import host

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = """
from dataclasses import dataclass

from bootmatrix import model
from bootmatrix.model import Launch, Outcome, Tender


@dataclass(frozen=True)
class Runner(model.Runner):
    name: str = "boot.json"
    devices: tuple[str, ...] = ()
    plain: bool = False

    def tender(self, arch):
        return Tender("sh")

    def launch(self, boot):
        config = f'{boot.args} "$(reboot)" {boot.folder}'.encode()
        script = f'cd "$1" && ls && cat {self.name} && echo "$2"'
        argv = (boot.program, "-c", script, "sh", boot.folder, *boot.args)
        return argv if self.plain else Launch(argv, {self.name: config}, self.devices)

    def outcome(self, ending):
        return Outcome("exited", str(ending.status), "status")
"""
TESTS: dict[str, dict[str, Any]] = {
    "one": {"args": ["try {attempt}"], "expect": {"console": ["boot.json", "('try 1',)", "try 1"]}},
    "two": {"args": ["another"], "expect": {"console": "('another',)", "console_not": "try"}},
    "hostile": {"runner": {"name": "../../out"}},
    "no-device": {"runner": {"devices": ["gpu"]}},
    "no-launch": {"runner": {"plain": True}},
    "kvm": {"runner": {"devices": ["kvm"]}},
}
WANTED = {
    "one": ("passed", ""),
    "two": ("passed", ""),
    "hostile": ("error", "the runner names a file for the boot '../../out', which is not a valid file name"),
    "no-device": ("error", "a boot cannot be given a device 'gpu'\n    possible: kvm"),
    "no-launch": (
        "error",
        "the runner of own returns a tuple from `launch(boot)` instead of a Launch\n    let it return `model.Launch",
    ),
    "kvm": ("skipped", host.kvm_trouble()) if host.kvm_trouble() else ("passed", ""),
}
ENGINES = ["host", pytest.param("docker", marks=pytest.mark.docker)]


def project(folder: Path) -> Path:
    (folder / "runners").mkdir()
    (folder / "runners" / "own.py").write_text(RUNNER)
    tests = {name: {"unikernel": "matrix.yaml", **keys} for name, keys in TESTS.items()}
    write_matrix(folder, {"axes": {"backend": ["own"]}, "tests": tests})
    return folder


@pytest.mark.parametrize("engine", ENGINES)
def test_a_boot_has_the_files_and_devices_that_its_runner_names(tmp_path: Path, engine: str) -> None:
    folder = project(tmp_path)
    done = bootmatrix("run", "--engine", engine, cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache"))
    report = folder / "out/latest/results.json"
    assert report.exists(), done.stderr
    found = {each["test"]: (each["verdict"], each["reason"]) for each in json.loads(report.read_text())["results"]}
    assert set(found) == set(WANTED)
    for test, (verdict, reason) in WANTED.items():
        assert found[test][0] == verdict, found[test]
        assert reason in found[test][1]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_repro_prints_has_them_too_and_again(tmp_path: Path, engine: str) -> None:
    """What is in them is no part of the shell's words."""
    folder = project(tmp_path)
    for attempt in ("1", "2"):
        words = ["repro", "own/one", "--engine", engine, "--attempt", attempt]
        printed = bootmatrix(*words, cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache"))
        assert printed.returncode == 0, printed.stderr
        assert "reboot" not in printed.stdout
        for _ in range(2):
            done = subprocess.run(["sh"], input=printed.stdout, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith(f"boot.json\n('try {attempt}',)")
            assert done.stdout.endswith(f"try {attempt}\n")
