"""coverage.info, as lcov's readers take it: a record for each source, and none that lies outside of the repository."""

from __future__ import annotations

import html
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from counting.covered import ALL, Rows, run
from reports.examples import report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

A = """SF:a.c
FN:3,main
FNDA:3,main
FNF:1
FNH:1
DA:3,3
LF:1
LH:1
end_of_record
"""
T = """SF:t.c
FN:9,trap
FNDA:0,trap
FNF:1
FNH:0
DA:9,0
LF:1
LH:0
end_of_record
"""


def written(folder: Path, boots: Mapping[str, Rows | bytes | None]) -> str:
    format_of = report("lcov")
    format_of.write(run(folder, boots), folder, folder / format_of.filename)
    return (folder / format_of.filename).read_text()


def test_each_source_has_a_record(tmp_path: Path) -> None:
    text = written(tmp_path, ALL)
    assert text.startswith(f"TN:boots\n{A}SF:b.c\n")
    assert text.endswith(T)
    assert text.count("end_of_record") == 5


def test_without_coverage_there_is_no_record(tmp_path: Path) -> None:
    assert written(tmp_path, {"arm-qemu/a": None}) == "TN:boots\n"


def test_no_guest_names_a_file_of_this_host(tmp_path: Path) -> None:
    files = ["/etc/passwd", "../../etc/passwd", "a/../../b", "..", ".", "", "ok/../good.c"]
    rows: Rows = [("f", file, 1, 1) for file in files]
    text = written(tmp_path, {"arm-qemu/a": [*rows, ("no line", "c.c", 0, 1)]})
    assert [line for line in text.splitlines() if line.startswith("SF:")] == ["SF:ok/../good.c"]


def test_a_name_stays_on_its_line(tmp_path: Path) -> None:
    text = written(tmp_path, {"arm-qemu/a": [("f\nend_of_record\nSF:/etc/passwd", "a\nSF:/x", 1, 1)]})
    assert text.count("\nend_of_record\n") == 1
    assert text.count("\nSF:") == 1


@pytest.mark.lcov
def test_lcov_and_genhtml_read_it(tmp_path: Path) -> None:
    odd: Rows = [("operator()(int, char) const", "dir/with blank.cc", 3, 1), ("é <b>&\x1b[31m", "dir/é.c", 2, 0)]
    text = written(tmp_path, {**ALL, "arm-qemu/odd": odd})
    for source in re.findall(r"^SF:(.*)$", text, re.MULTILINE):
        (tmp_path / source).parent.mkdir(exist_ok=True)
        (tmp_path / source).write_text("int line;\n" * 20)

    def ran(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "5 of 7" in ran("lcov", "--summary", "coverage.info")
    ran("genhtml", "-o", "html", "coverage.info")
    made = (tmp_path / "html").rglob("*.func.html")
    pages = {page.name: html.unescape(page.read_text(errors="replace")).replace("\xa0", " ") for page in made}
    assert "operator()(int; char) const" in pages["with blank.cc.func.html"]
    assert "é <b>&</a>" in pages["é.c.func.html"], "escaped"
    assert len(pages) == 7
