"""What holds in every place: a container of an image, and this host."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import psutil
import pytest
from support import read, run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.place import Place


@pytest.fixture(params=[pytest.param("container", marks=pytest.mark.docker), "local"])
def place(request: pytest.FixtureRequest) -> Place:
    return LocalPlace() if request.param == "local" else request.getfixturevalue("container_place")


def shell(script: str, **more: object) -> Job:
    return Job(("sh", "-c", script), "test", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [0, 1, 3, 77, 83, 127, 128, 255])
def test_an_exit_status_arrives_as_it_was(place: Place, status: int) -> None:
    ended, _, _ = run_job(place, shell(f"exit {status}"))
    assert (ended.status, ended.signal) == (status, "")


@pytest.mark.parametrize("name", ["SEGV", "ABRT", "SYS", "ILL", "TERM", "KILL"])
def test_a_signal_is_told_by_its_name(place: Place, name: str) -> None:
    ended, _, _ = run_job(place, shell(f"kill -{name} $$; sleep 60"))
    assert (ended.status, ended.signal) == (None, f"SIG{name}")


def test_every_byte_arrives_and_the_two_streams_stay_apart(place: Place) -> None:
    every = "".join(f"\\{byte:03o}" for byte in range(256))
    _, console, tender = run_job(place, shell(f"printf '{every}'; printf 'error' >&2"))
    assert console == bytes(range(256))
    assert tender == b"error"


def test_ten_megabytes_arrive_whole(place: Place) -> None:
    _, console, _ = run_job(place, shell("head -c 10000000 /dev/zero"))
    assert len(console) == 10_000_000


def test_a_job_has_no_standard_input(place: Place) -> None:
    ended, console, _ = run_job(place, shell("cat; echo end"))
    assert (ended.status, console) == (0, b"end\n")


def test_mounts_are_seen_and_the_scratch_folder_is_writable(place: Place, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "file").write_text("content")
    mount = place.mount(tmp_path, "/unikernels")
    _, console, tender = run_job(place, shell(f"cat {mount.inside}/file; touch scratch && echo ok", mounts=(mount,)))
    assert (console, tender) == (b"contentok\n", b"")


def test_the_environment_of_the_caller_is_not_seen(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    _, console, _ = run_job(place, shell("env", env={"GIVEN": "value"}))
    assert b"GIVEN=value" in console
    assert b"SECRET_TOKEN" not in console


def test_killing_ends_a_job_that_ignores_signals_and_its_children(place: Place) -> None:
    script = "trap '' TERM INT HUP; sleep 4711 & echo ready; while :; do sleep 1; done"
    with place.start(shell(script)) as process:
        assert read(process)[1] == b"ready\n"
        process.kill()
    assert not _running("sleep 4711")


def test_what_a_job_leaves_behind_is_ended(place: Place) -> None:
    run_job(place, shell("sleep 4712 >/dev/null 2>&1 & setsid sleep 4712 >/dev/null 2>&1 & echo started"))
    assert not _running("sleep 4712")


def test_leaving_early_ends_a_job_that_floods(place: Place) -> None:
    with place.start(shell("exec yes 4713")) as process:
        assert read(process)[1]
    assert not _running("yes 4713")


def test_the_command_line_for_people_does_the_same(place: Place) -> None:
    job = shell("echo 'it works'; exit 7", env={"GIVEN": "a value"})
    (line,) = place.command_line(job)
    if "docker" in line and not shutil.which("docker"):
        pytest.skip("the engine's own command line is not on PATH")
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (7, "it works\n")


def test_a_program_that_does_not_exist_is_no_success(place: Place) -> None:
    try:
        ended, _, _ = run_job(place, Job(("no-such-program",), "test"))
    except InfrastructureError as error:
        assert "no-such-program" in str(error)  # noqa: PT017  # either way of telling is right
    else:
        assert ended.status == 127


def _running(command: str) -> list[int]:
    return [p.pid for p in psutil.process_iter(["cmdline"]) if " ".join(p.info["cmdline"] or []) == command]


def test_a_job_that_reads_is_sent_what_is_written(place: Place) -> None:
    with place.start(shell('read line; echo "<$line>"; read line; echo "$line"', reads=True)) as process:
        process.write(b"first\n")
        assert read(process) == ("console", b"<first>\n")
        process.write(b"second\n")
        assert read(process) == ("console", b"second\n")


def test_what_a_job_did_not_read_is_not_sent_to_the_next(place: Place) -> None:
    with place.start(shell("sleep 60", reads=True)) as process:
        process.write(b"of the first\n")
    with place.start(shell("head -n 1", reads=True)) as process:
        process.write(b"of the second\n")
        assert read(process) == ("console", b"of the second\n")


def test_a_job_that_does_not_read_takes_so_much_and_no_more(place: Place) -> None:
    with place.start(shell("sleep 60", reads=True)) as process:
        assert process.write(b"x" * 4096) == 4096
        more = sum(process.write(b"x" * 4096) for _ in range(1024))
        assert more < 4 << 20
        assert process.write(b"x" * 4096) == 0
