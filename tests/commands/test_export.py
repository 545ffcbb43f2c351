"""`bootmatrix export` sends a run, says what was sent and to where, and what to do where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reports.examples import result, run, stored
from servers import Scripted, answer, free_port
from support import bootmatrix

from bootmatrix.exporting import openmetrics

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

RUN = "20261123-230615-1230abcde"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a run in out/, and no matrix."""
    folder = tmp_path / "out" / RUN
    folder.mkdir(parents=True)
    stored(run(result(), result("failed", test="b"), branch="main", commit="0123abcd"), folder)
    (tmp_path / "out/latest").symlink_to(RUN)
    return tmp_path


def export(project: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return bootmatrix("export", *args, cwd=project, **env)


def test_what_is_sent_is_the_report(project: Path) -> None:
    assert bootmatrix("report", "latest", "--format", "influx=lines", cwd=project).returncode == 0
    with Scripted([answer(204)]).serving() as server:
        done = export(project, "latest", "influx", "--to", f"{server.url}/write?db=x")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"sent to {server.url}/write?db=x: 11 lines of run {RUN}\n"
    ((method, path, _, body),) = server.requests
    assert (method, path, body) == ("POST", "/write?db=x", (project / "lines").read_bytes())
    assert not (project / "out" / RUN / "influx.lp").exists(), "the run's folder stays as it is"


def test_openmetrics_takes_the_place_of_the_branch_or_of_the_group_that_is_named(project: Path) -> None:
    with Scripted([answer(200)]).serving() as server:
        assert export(project, RUN, "openmetrics", "--to", server.url).returncode == 0
        assert export(project, RUN, "openmetrics", "--to", f"{server.url}/metrics/job/mine").returncode == 0
    assert [(method, path) for method, path, *_ in server.requests] == [
        ("PUT", openmetrics.group("main")),
        ("PUT", "/metrics/job/mine"),
    ]
    assert all(body.startswith(b"# HELP bootmatrix_") for *_, body in server.requests)


def test_the_format_takes_its_options(project: Path) -> None:
    with Scripted([answer(204)]).serving() as server:
        to = ("--to", f"{server.url}/write")
        assert export(project, "latest", "influx", *to, "--set", "influx.commit=field").returncode == 0
    assert b'commit="0123abcd"' in server.requests[0][3]


def test_a_server_that_comes_back_gets_it_and_one_line_says_so(project: Path) -> None:
    with Scripted([answer(503, "starting"), answer(204)]).serving() as server:
        done = export(project, "latest", "influx", "--to", f"{server.url}/write")
    assert done.returncode == 0
    assert done.stderr == f"{server.url}/write answers 503: starting; it is tried again for 1 min 0 s\n"


def test_what_is_not_taken_ends_with_3_and_says_how_to_go_on(project: Path) -> None:
    to = f"http://127.0.0.1:{free_port()}/write?db=x"
    done = export(project, "latest", "influx", "--to", to, "--patience", "100 ms")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{to} cannot be reached, or ended the connection: Connection refused" in done.stderr
    assert "0 lines had been taken before, and some of the next ones may be there, too" in done.stderr
    assert "then send all again: what is there is written over" in done.stderr
    assert done.stderr.count("error") == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("latest", "influx"), "Missing option '--to'"),
        (("latest", "junit", "--to", "http://x/y"), "'junit' is not one of 'influx', 'openmetrics'"),
        (("latest", "influx", "--to", "http://x"), "--to http://x names no path to write to"),
        (("latest", "influx", "--to", "http://us:s3cret@x/write"), "--to has a user or a password in it"),
        (("latest", "influx", "--to", "http://x/write", "--patience", "soon"), "--patience"),
        (("latest", "influx", "--to", "http://x/write", "--set", "influx.commit=no"), "the commit cannot be 'no'"),
        (("20200101", "influx", "--to", "http://x/write"), "there is no run '20200101'"),
    ],
)
def test_a_command_line_that_is_wrong_sends_nothing(args: tuple[str, ...], said: str, project: Path) -> None:
    done = export(project, *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_no_secret_is_in_what_is_said(project: Path) -> None:
    (project / "secret").write_text("s3cret-t0ken\n")
    with Scripted([answer(401, "not you, s3cret-t0ken")]).serving() as server:
        to = ("--to", f"{server.url}/write")
        done = export(project, "latest", "influx", *to, BOOTMATRIX_EXPORT_TOKEN_FILE=str(project / "secret"))
    assert server.requests[0][2]["Authorization"] == "Token s3cret-t0ken"
    assert done.returncode == 3
    assert "answers 401: not you, …" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
