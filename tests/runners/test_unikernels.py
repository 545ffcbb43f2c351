"""What stands where a unikernel should: told at once, whatever it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support import bootmatrix, script, scripted, write_matrix

from bootmatrix.boots.tenders import nearest_file

if TYPE_CHECKING:
    from pathlib import Path

MAKE = (
    "cd $OUT; mkfifo pipe; ln -s /dev/zero device; ln -s loop loop; mkdir folder; ln -s folder/../../../etc out;"
    " ln -s nowhere broken; touch file; ln -s file link"
)
WANTED = {
    "pipe": "did not produce 'pipe'",  # it is not kept
    "device": "the unikernel 'device' is outside of",
    "loop": "'loop' in build it is not a file",
    "folder": "'folder' in build it is not a file",
    "out": "the unikernel 'out' is outside of",
    "broken": "'broken' in build it is not a file",
    "none": "did not produce 'none'",
    "file": "",
    "link": "",
}


def test_every_odd_unikernel_is_told(tmp_path: Path) -> None:
    tests = {name: script("true", build="it", unikernel=name) for name in WANTED}
    write_matrix(tmp_path, {**scripted({"backend": ["command"]}, **tests), "builds": {"it": {"run": MAKE}}})
    bootmatrix("run", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    report = json.loads((tmp_path / "out" / "latest" / "report.json").read_text())
    told = {result["test"]: (result["verdict"], result["reason"]) for result in report["results"]}
    assert told.keys() == WANTED.keys()
    for name, wanted in WANTED.items():
        assert told[name][0] == ("error" if wanted else "passed"), told[name]
        assert wanted in told[name][1]


def test_the_nearest_of_very_many_files_is_found_in_bounded_time(tmp_path: Path) -> None:
    assert nearest_file(tmp_path, "hello.elf") == "the build produced no files: does it write to $OUT?"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "hello.elf").touch()
    (tmp_path / "hallo.elf").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "up").symlink_to("..")
    assert nearest_file(tmp_path, "hello.elf") == "did you mean 'sub/hello.elf'?"
    assert nearest_file(tmp_path, "hxllo.elf").startswith("did you mean 'hallo.elf'")
    for number in range(2000):
        (tmp_path / f"{number}{'z' * 200}").touch()
    assert nearest_file(tmp_path, "QQQ") == "the build produced more than 1,000 files, none with a similar name"
