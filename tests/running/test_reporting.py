"""A report that cannot be made is told; all others, and the run itself, are there all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, script, scripted, write_matrix

from bootmatrix import plugins

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
from bootmatrix import model
class Report(model.Report):
    filename = "broken.txt"
    def write(self, run, folder, target):
"""
BROKEN = {
    "raises": (f"{HEAD}        raise ValueError('why')\n", "the report 'broken' cannot be made: ValueError: why"),
    "lacks a file": (f"{HEAD}        open('/nowhere/at/all')\n", "'broken' cannot be made: FileNotFoundError"),
    "has no class": ("x = 1\n", "has no `class Report(model.Report)`"),
    "is no Python": ("def\n", "reports/broken.py cannot be imported: SyntaxError"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_report_is_told_and_keeps_no_other_from_being_written(name: str, tmp_path: Path) -> None:
    source, told = BROKEN[name]
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/broken.py").write_text(source)
    write_matrix(tmp_path, scripted({"backend": ["command"]}, t=script("true")))
    done = bootmatrix("run", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    assert (done.returncode, told in done.stderr) == (3, True), done.stdout + done.stderr
    for each in plugins.names("reports", tmp_path / "nowhere"):
        report = plugins.load("reports", each, tmp_path / "nowhere").Report
        assert (tmp_path / "out/latest" / report.filename).is_file(), each
    (tmp_path / "reports/broken.py").unlink()
    assert bootmatrix("run", "--resume", "--engine", "host", cwd=tmp_path).returncode == 0
