"""Standard streams that are closed, full, or cannot show a name; signals that the caller has others ignore."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import script, scripted, write_matrix

if TYPE_CHECKING:
    from pathlib import Path

HOST = {"backend": ["command"]}
PROGRAM = f"{sys.executable} -m bootmatrix"


def shell(text: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    given = {**os.environ, "BOOTMATRIX_CACHE": str(cwd / "cache"), "BOOTMATRIX_HISTORY": "none", **env}
    return subprocess.run(["bash", "-c", text], cwd=cwd, env=given, capture_output=True, timeout=300, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_matrix(tmp_path, scripted(HOST, t=script("echo SUCCESS")))
    return tmp_path


CLOSED = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]


@pytest.mark.parametrize(
    ("command", "closed"),
    [
        *(("list", closed) for closed in CLOSED),
        *(("run --engine host", closed) for closed in CLOSED),
        ("--help", CLOSED[-1]),
        ("nothing-like-this", CLOSED[-1]),
    ],
)
def test_closed_streams_change_no_status(project: Path, command: str, closed: str) -> None:
    done = shell(f"{PROGRAM} {command} {closed}", project)
    assert done.returncode == (2 if command == "nothing-like-this" else 0)
    assert b"Traceback" not in done.stdout + done.stderr
    if command.startswith("run"):  # no file has got a closed stream's number, and with it what is printed
        journal = (project / "out" / "latest" / "events.jsonl").read_text()
        assert all(line.startswith("{") for line in journal.splitlines())


@pytest.mark.parametrize("command", ["list", "--help", "schema", "run --engine host", "init -f other.yaml"])
def test_an_output_without_room_is_the_infrastructures_failure(project: Path, command: str) -> None:
    done = shell(f"{PROGRAM} {command} >/dev/full", project)
    assert done.returncode == 3
    assert b"standard output cannot be written: No space left on device\n    write it to" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_failed_test_stays_a_failed_test_where_nothing_can_be_printed(project: Path) -> None:
    write_matrix(project, scripted(HOST, t=script("exit 1")))
    assert shell(f"{PROGRAM} run --engine host >/dev/full", project).returncode == 1


def test_errors_that_cannot_be_told_keep_their_status(project: Path) -> None:
    assert shell(f"{PROGRAM} run bakend=x 2>/dev/full", project).returncode == 2


def test_a_run_whose_reader_leaves_goes_on_and_keeps_its_status(project: Path) -> None:
    write_matrix(project, scripted(HOST, **{f"t{n}": script("exit 1") for n in range(9)}))
    done = shell(f"{PROGRAM} run --engine host -v | head -n 1; echo ${{PIPESTATUS[0]}}", project)
    assert done.stdout.splitlines()[-1] == b"1"
    assert len(list((project / "out" / "latest" / "consoles").rglob("*"))) == 0
    assert (project / "out" / "latest" / "junit.xml").read_text().count("<failure") == 9


def test_a_pipe_that_another_program_made_non_blocking_gets_every_byte(project: Path) -> None:
    digits = ", ".join(map(str, range(100)))
    (project / "matrix.yaml").write_text(f"axes: {{a: [{digits}], b: [{digits}]}}\ntests: {{t: {{}}}}\n")
    unblock = f"{sys.executable} -c 'import os; os.set_blocking(1, False)'"
    done = shell(f"({unblock}; {PROGRAM} list --format ids) | (sleep 0.3; cat) | tail -n 1", project)
    assert (done.stdout, done.stderr) == (b"99-99/t\n", b"")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_name_that_is_no_text_is_printed_as_its_bytes(tmp_path: Path, encoding: str) -> None:
    folder = tmp_path / os.fsdecode(b"odd\xff")
    folder.mkdir()
    write_matrix(folder, scripted(HOST, t={"runner": {"command": ["cat", "{unikernel}"]}}))
    done = shell(f"{PROGRAM} repro --engine host command/t", folder, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"/odd\xff/matrix.yaml" in done.stdout  # so that it can be copied into a shell


def test_a_guest_dies_of_a_signal_that_our_caller_ignores(project: Path) -> None:
    names = ("INT", "QUIT", "HUP", "TERM", "USR1")
    write_matrix(project, scripted(HOST, **{name: script(f"kill -{name} $$; exit 0") for name in names}))
    done = shell(f"env --ignore-signal={','.join(names)} {PROGRAM} run --engine host", project)
    assert done.returncode == 1, done.stdout
    for name in names:
        assert re.search(rf"command/{name}: .*SIG{name}\b", done.stdout.decode()), done.stdout


def test_a_status_is_not_lost_where_our_caller_ignores_the_end_of_children(project: Path) -> None:
    write_matrix(project, scripted(HOST, t=script("sleep 0.1; exit 3")))
    done = shell(f"env --ignore-signal=CHLD {PROGRAM} run --engine host", project)
    assert done.returncode == 1
    assert b"exited(3)" in done.stdout
