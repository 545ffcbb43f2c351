"""`bootmatrix report` writes any format of an old run again, to where it is told, and says what is possible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from reports.examples import ROOT, every, result, run, stored, with_console
from support import bootmatrix, script, scripted, write_matrix

from bootmatrix import plugins

if TYPE_CHECKING:
    from pathlib import Path

NAMES = plugins.names("reports", ROOT / "docs")
RUN = "20261123-230615-1230abcde"
MINE = """
from bootmatrix import model

class Report(model.Report):
    filename = "mine.txt"

    def write(self, run, folder, target):
        target.write_text(f"{run.id} has {len(run.results)}\\n")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a run in out/, and no matrix."""
    folder = tmp_path / "out" / RUN
    folder.mkdir(parents=True)
    stored(run(*every()[:-1], with_console(result("failed"), folder), with_console(result(test="b"), folder)), folder)
    (tmp_path / "out/latest").symlink_to(RUN)
    return tmp_path


def report(project: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return bootmatrix("report", *args, cwd=project, BOOTMATRIX_TRUST="1")


def failed(project: Path, *args: str) -> str:
    done = report(project, *args)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "Traceback" not in done.stderr
    return done.stderr


def test_without_a_format_all_are_written_into_the_runs_folder(project: Path) -> None:
    folder = project / "out" / RUN
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    done = report(project, "latest")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    files = {plugins.load("reports", name, ROOT / "docs").Report.filename for name in NAMES}
    assert {file.name for file in folder.iterdir() if file.is_file()} - set(before) == files
    assert all((folder / name).read_bytes() == raw for name, raw in before.items())
    assert done.stderr.splitlines() == [
        f"out/latest/{plugins.load('reports', name, ROOT / 'docs').Report.filename}" for name in NAMES
    ]


def test_formats_go_to_the_files_that_are_named(project: Path) -> None:
    done = report(project, RUN, "--format", "junit=j.xml", "json=a=b.json", "--format", "tap", "markdown=-")
    assert done.returncode == 0, done.stderr
    assert ET.parse(project / "j.xml").getroot().tag == "testsuites"  # noqa: S314  # our own file
    assert json.loads((project / "a=b.json").read_text())["run"]["id"] == RUN
    assert (project / "out" / RUN / "report.tap").read_text().startswith("TAP version 14\n")
    assert done.stdout.startswith("## ✗ 2 failed, ")
    assert "j.xml" not in done.stdout
    assert not (project / "out" / RUN / "summary.md").exists()


@pytest.mark.parametrize("where", ["id", "latest", "folder", "link", "out", "beside the matrix"])
def test_a_run_is_named_by_its_id_or_its_folder(where: str, project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    cwd, args = {
        "id": (project, [RUN]),
        "latest": (project, ["latest"]),
        "folder": (elsewhere, [str(project / "out" / RUN)]),
        "link": (project / "out/latest", ["."]),
        "out": (elsewhere, ["latest", "--out", str(project / "out")]),
        "beside the matrix": (elsewhere, ["latest", "-f", str(project / "matrix.yaml")]),
    }[where]
    done = report(cwd, *args, "--format", "json=-")
    assert json.loads(done.stdout)["run"]["id"] == RUN, done.stderr


def test_a_format_takes_its_options_and_no_other(project: Path) -> None:
    def consoles(*args: str) -> int:
        return report(project, "latest", "--format", "junit=-", *args).stdout.count("panic: out of cheese")

    assert consoles("--set", "junit.all_consoles=true") == consoles() + 1
    for wrong, told in {
        "junit.dialekt=x": "unknown option 'dialekt'",
        "tap.x=1": "unknown option 'x'",
        "junit.dialect=x": "unknown JUnit dialect 'x'",
        "junk.x=1": "there is no report 'junk'",
        "junit": "--set 'junit' has no option or no value",
    }.items():
        assert told in failed(project, "latest", "--set", wrong)


def test_a_projects_own_report_comes_first(project: Path) -> None:
    (project / "reports").mkdir()
    for name in ("mine", "tap"):
        (project / f"reports/{name}.py").write_text(MINE)
    assert report(project, "latest", "mine=-", "tap=-").stdout == f"{RUN} has {len(every()) + 1}\n" * 2
    assert report(project, "latest").returncode == 0
    assert (project / "out/latest/mine.txt").is_file()


def test_a_pipe_is_written_to_and_a_device_stays_one(project: Path) -> None:
    fifo = project / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE, text=True) as reader:
        assert report(project, "latest", f"tap={fifo}").returncode == 0
        assert reader.communicate(timeout=60)[0].startswith("TAP version 14\n")
    assert fifo.is_fifo()
    assert report(project, "latest", "tap=/dev/null").returncode == 0


def test_a_reader_that_leaves_early_is_no_failure(project: Path) -> None:
    folder = project / "out" / RUN
    stored(run(*(result("failed", test=f"t{n}") for n in range(3000))), folder)
    command = f"{sys.executable} -m bootmatrix report latest json=- | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")


def test_what_does_not_exist_is_told_with_what_does(project: Path) -> None:
    wrong = failed(project, "lastest", "--format", "junit")
    assert "there is no run 'lastest' in out" in wrong
    assert "did you mean 'latest'?" in wrong
    assert RUN in wrong
    wrong = failed(project, "latest", "--format", "junti=x")
    assert "there is no report 'junti'" in wrong
    assert "did you mean 'junit'?" in wrong
    assert "there is no run 'x'" in failed(project, "x", "--out", "none")
    assert "bootmatrix run" in failed(project, "x", "--out", "none")
    assert not (project / "x").exists()


def test_a_folder_without_whole_results_is_refused(project: Path) -> None:
    (project / "out/empty").mkdir()
    wrong = failed(project, "empty")
    assert "out/empty has no results.json" in wrong
    assert "--resume" in wrong
    (project / "out/empty/results.json").write_text("[]")
    assert "out/empty/results.json does not hold the results of a run" in failed(project, "empty")


def test_what_cannot_be_written_is_told_and_leaves_nothing(project: Path) -> None:
    assert "cannot be written to none/x: No such file or directory" in failed(project, "latest", "tap=none/x")
    (project / "folder").mkdir()
    assert "cannot be written to folder: " in failed(project, "latest", "json=folder")
    assert list((project / "folder").iterdir()) == []
    (project / "reports").mkdir()
    (project / "reports/mine.py").write_text("Report = 3")
    assert "has no `class Report(model.Report)`" in failed(project, "latest", "mine")


def test_a_real_run_has_the_same_reports_again(tmp_path: Path) -> None:
    write_matrix(tmp_path, scripted(good=script("echo hi"), bad=script("echo no; exit 3")))
    assert bootmatrix("run", "--engine", "host", cwd=tmp_path).returncode == 1
    folder = tmp_path / "out/latest"
    names = [plugins.load("reports", name, ROOT / "docs").Report.filename for name in NAMES]
    before = [(folder / name).read_bytes() for name in names]
    assert report(tmp_path, "latest").returncode == 0
    assert [(folder / name).read_bytes() for name in names] == before
