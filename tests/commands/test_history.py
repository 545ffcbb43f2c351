"""`nightly` and `history`, as users call them."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from histories import CELL, result, run
from support import bootmatrix, script, scripted, write_matrix

from bootmatrix import results
from bootmatrix.history import findings
from bootmatrix.history.database import opened
from bootmatrix.model import Measure

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Run

HOSTILE = "exited(1)\r::error::no \x1b[2J \ud800 `@user` <img>\n::error::more"

TABLE = "consoles/1.functions.csv"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Four nights, of which the last lies in out/latest, and is not recorded yet."""
    with opened(tmp_path) as past:
        past.record(run(1, result("ok"), result("worse"), result("gone")))
        past.record(run(2, result("ok"), result("worse", "failed"), branch="work"))
        past.record(run(3, result("ok"), result("bad", "failed"), result("worse"), result("gone")))
    last = run(4, result("ok"), result("bad", "failed"), result("worse", "failed", reason=HOSTILE), result("fresh"))
    written(tmp_path, last)
    return tmp_path


def written(folder: Path, made: Run) -> None:
    (folder / "out" / made.id).mkdir(parents=True)
    results.write(made, folder / "out" / made.id / "results.json")
    latest = folder / "out" / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(made.id)


@pytest.mark.parametrize("ours", [True, False])
def test_nightly_names_the_functions_of_a_count_that_changed_from_runs_of_its_own_folder(
    tmp_path: Path, ours: bool
) -> None:
    """A name in a database may be anything, such as one that leads out of the folder of the runs."""
    with opened(tmp_path) as past:
        for number in range(1, 5):
            counted = 50_009 if number < 4 else 62_001
            metric = Measure("instructions", counted, "instructions", "lower")
            made = result("t")
            made = replace(made, attempts=(replace(made.attempts[0], metrics=(metric,), files=(TABLE,)),))
            name = f"r{number:04}" if ours or number == 4 else f"../r{number:04}"
            one = run(number, made, id=name)
            table = tmp_path / "out" / name / TABLE
            written(tmp_path, one)
            table.parent.mkdir()
            table.write_text(f"function,file,instructions\nmemcpy,a.c,{counted}\n")
            past.record(one)
    done = bootmatrix("nightly", cwd=tmp_path)
    assert "instructions: 50,009 → 62,001 (+24.0%)" in done.stdout
    assert ("memcpy +11,992" in done.stdout) is ours


def test_nightly_says_what_changed_and_writes_it_beside_the_results(project: Path) -> None:
    done = bootmatrix("nightly", cwd=project)
    assert done.returncode == 1, done.stderr
    assert "against the last 2 runs of main" in done.stdout
    folder = project / "out" / "r0004"
    changes = findings.changes(folder)
    assert changes
    assert [(change.kind, change.test) for change in changes.changes] == [
        ("new failure", f"{CELL}/worse"),
        ("still failing", f"{CELL}/bad"),
        ("new", f"{CELL}/fresh"),
        ("gone", f"{CELL}/gone"),
    ]
    drawn = findings.trends(folder)
    assert drawn
    assert [night.run for night in drawn.nights] == ["r0001", "r0003", "r0004"]
    assert (folder / "junit.xml").is_file()
    assert "out/latest/{annotations.txt,coverage.info," in done.stdout


def test_nightly_records_the_run_once_and_says_the_same_again(project: Path) -> None:
    first = bootmatrix("nightly", "r0004", cwd=project)
    again = bootmatrix("nightly", "out/r0004/", cwd=project)
    elsewhere = bootmatrix("nightly", "-C", str(project), "r0004", cwd=project / "out")
    assert first.stdout.partition("\n\n  out")[0] == again.stdout.partition("\n\n  out")[0]
    assert elsewhere.stdout.splitlines()[0] == first.stdout.splitlines()[0]
    with opened(project) as past:
        assert [night.run for night in past.nights(None, 9)] == ["r0001", "r0002", "r0003", "r0004"]


def test_nightly_takes_another_branch_and_fewer_nights(project: Path) -> None:
    found = json.loads(bootmatrix("nightly", "--branch", "work", "--format", "json", cwd=project).stdout)
    assert (found["branch"], [night["run"] for night in found["nights"]]) == ("work", ["r0002"])
    assert ["still failing", f"{CELL}/worse"] in [[one["kind"], one["test"]] for one in found["changes"]]
    found = json.loads(bootmatrix("nightly", "--nights", "1", "--format", "json", cwd=project).stdout)
    assert [night["run"] for night in found["nights"]] == ["r0003"]


@pytest.mark.parametrize(("fail_on", "status"), [("any", 1), ("failure", 1), ("never", 0)])
def test_nightly_fails_on_what_it_is_told_to(project: Path, fail_on: str, status: int) -> None:
    assert bootmatrix("nightly", "--fail-on", fail_on, cwd=project).returncode == status


def test_old_failures_are_not_new_ones(project: Path) -> None:
    assert bootmatrix("nightly", cwd=project).returncode == 1
    written(project, run(5, result("ok"), result("bad", "failed"), result("worse", "failed")))
    assert bootmatrix("nightly", cwd=project).returncode == 0


def test_a_guests_text_stays_a_text(project: Path) -> None:
    said = bootmatrix("nightly", cwd=project, GITHUB_ACTIONS="true").stdout
    assert "exited(1) ::error::no" in said
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())
    for shape in ("text", "markdown"):
        assert "\x1b" not in bootmatrix("nightly", "--format", shape, cwd=project).stdout
    told_again = bootmatrix("history", f"{CELL}/worse", cwd=project)
    assert "\x1b" not in told_again.stdout
    assert "::error::no" in told_again.stdout


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("nightly", "nosuch"), 2, "there is no run"),
        (("nightly", "--history", "none"), 2, "needs a history"),
        (("history", "x/y", "--history", "none"), 2, "needs a history"),
        (("history", f"{CELL}/wors"), 2, f"did you mean '{CELL}/worse'?"),
        (("history", "nosuch=1"), 2, "there is no axis or parameter 'nosuch'"),
        (("history", "x/y", "--history", "empty"), 2, "the history is empty"),
        (("history",), 2, "TEST"),
    ],
)
def test_what_is_wrong_is_said(project: Path, args: tuple[str, ...], status: int, said: str) -> None:
    done = bootmatrix(*args, cwd=project)
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr


def test_a_spoilt_history_is_said(project: Path) -> None:
    (project / "spoilt").write_bytes(os.urandom(20_000))
    for command in (("nightly",), ("history", f"{CELL}/ok")):
        done = bootmatrix(*command, cwd=project, BOOTMATRIX_HISTORY="spoilt")
        assert done.returncode == 3
        assert "move the file away" in done.stderr


def test_history_tells_a_test_run_by_run(project: Path) -> None:
    said = bootmatrix("history", f"{CELL}/worse", "--branch", "main", cwd=project).stdout.splitlines()
    assert said[0] == f"{CELL}/worse"
    assert [line.split()[1] for line in said if line.startswith("  ") and " r000" in line] == ["r0001", "r0003"]
    assert any(line.startswith("  boot_time: ") for line in said)
    every = bootmatrix("history", f"{CELL}/worse", "--all", cwd=project).stdout
    assert "r0002 (0000000000)  failed" in every


def test_of_a_test_that_never_passed_no_measure_is_told(project: Path) -> None:
    said = bootmatrix("history", f"{CELL}/bad", cwd=project).stdout
    assert "failed      boot_time 0.15 s" in said
    assert "boot_time:" not in said


def test_history_takes_a_selection_and_tells_json(project: Path) -> None:
    found = json.loads(bootmatrix("history", "test=ok,bad", "compiler=gcc", "--format", "json", cwd=project).stdout)
    assert {one["test"]: [each["verdict"] for each in one["runs"]] for one in found} == {
        f"{CELL}/ok": ["passed", "passed"],
        f"{CELL}/bad": ["failed"],
    }
    (first, _) = next(one for one in found if one["test"].endswith("/ok"))["runs"]
    assert first["measures"]["boot_time"] == {"value": 0.15, "unit": "s"}
    assert (first["commit"], first["accelerator"], first["host"]) == (f"{1:040x}", "tcg", "a laptop")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            ("bad", "--branch", "work"),
            "it is not in the last run of this branch: --all searches all branches, --nights more runs",
        ),
        (
            ("bad", "--branch", "none"),
            "there is no run of this branch: --all searches all branches, --nights more runs",
        ),
        (("gone", "--all", "--nights", "1"), "it is not in the last run: --nights more runs"),
    ],
)
def test_history_says_where_a_test_is_if_not_here(project: Path, given: tuple[str, ...], said: str) -> None:
    with opened(project) as past:
        past.record(run(5, result("ok")))
    test, *options = given
    done = bootmatrix("history", f"{CELL}/{test}", *options, cwd=project)
    assert (done.returncode, done.stdout) == (0, f"{said}\n")


def test_a_real_run_is_compared_with_the_one_before(tmp_path: Path) -> None:
    host = {"backend": ["command"]}
    for status in (0, 1):
        write_matrix(tmp_path, scripted(host, t=script(f"exit {status}")))
        assert bootmatrix("run", "--engine", "host", cwd=tmp_path).returncode == status
        done = bootmatrix("nightly", cwd=tmp_path)
        assert done.returncode == status, done.stdout + done.stderr
    assert "1 new failure" in done.stdout
    assert "command/t" in done.stdout


@pytest.mark.parametrize("spoil", ["garbage", "newer", "folder"])
def test_a_run_is_whole_whose_history_cannot_be_used(tmp_path: Path, spoil: str) -> None:
    file = tmp_path / "history"
    if spoil == "folder":
        file.mkdir()
    elif spoil == "garbage":
        file.write_bytes(os.urandom(20_000))
    else:
        with opened(tmp_path, str(file)):
            pass
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
    write_matrix(tmp_path, scripted({"backend": ["command"]}, t=script("exit 0")))
    done = bootmatrix("run", "--engine", "host", "--history", str(file), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "this run was not recorded in the history" in done.stdout
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out" / "latest" / "junit.xml").is_file()
    later = bootmatrix("nightly", "--history", "another", cwd=tmp_path)
    assert (later.returncode, "no earlier run" in later.stdout) == (0, True)
