"""What a run that died leaves on this host is found and removed; what a run that lives has is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import psutil
import pytest
from damaged import LAID, lay

from bootmatrix import host, keys, locks
from bootmatrix.errors import InfrastructureError
from bootmatrix.places.containers import engine
from bootmatrix.places.containers.settings import LABEL
from bootmatrix.places.place import Job
from bootmatrix.runs import lease
from bootmatrix.runs.lease import Lease

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image

HOLDER = """
import subprocess, sys
from pathlib import Path
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job
from bootmatrix.places.containers.pool import Pool
from bootmatrix.runs.lease import Lease
with Lease(sys.argv[1]) as held, Pool(held.run, held.boxes) as pool:
    if sys.argv[2] == "container":
        pool.take(sys.argv[3], Job(("true",), "test"))
    job = Job(("sh", "-c", "setsid sleep 4720 & sleep 4720 & echo started; wait"), "test")
    with LocalPlace(held.folder).start(job) as process:
        assert process.read(60) == ("console", b"started\\n")
        print("ready", flush=True)
        sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def run() -> str:
    return f"tests-{os.getpid()}-{os.urandom(2).hex()}"


@pytest.fixture
def notes() -> list[str]:
    return []


def holder(run: str, kind: str = "", image: str = "") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", HOLDER, run, kind, image]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def marked(run: str) -> int:
    """How many processes carry a run's mark."""
    return sum((p.info["environ"] or {}).get(host.RUN_MARK) == run for p in psutil.process_iter(["environ"]))


def containers(run: str) -> list[str]:
    return [each["Id"] for each in engine.client().containers(all=True, filters={"label": f"{LABEL}={run}"})]


@pytest.fixture
def dead(run: str) -> Iterator[str]:
    with holder(run) as process:
        process.send_signal(signal.SIGKILL)
    return run  # type: ignore[return-value]


def test_the_processes_and_the_folder_of_a_dead_run_are_removed(
    dead: str, run: str, notes: list[str], tmp_path: Path
) -> None:
    assert marked(run) == 3
    lease.sweep(notes.append)
    assert marked(run) == 0
    assert list((tmp_path / "cache" / "work").iterdir()) == []
    assert notes == [f"run {dead} died; removed 3 process(es) that it left"]
    lease.sweep(notes.append)
    assert len(notes) == 1


def test_a_run_that_lives_is_left_alone(run: str, notes: list[str], tmp_path: Path) -> None:
    with holder(run) as process:
        lease.sweep(notes.append)
        assert lease.is_alive(run)
        assert marked(run) == 3
        with pytest.raises(InfrastructureError, match="is still active"):
            Lease(run).__enter__()
        process.communicate(b"")
    assert not lease.is_alive(run)
    assert (marked(run), notes, list((tmp_path / "cache" / "work").iterdir())) == (0, [], [])


@pytest.mark.docker
def test_the_containers_of_a_dead_run_are_removed(run: str, notes: list[str], debian_12: Image) -> None:
    with holder(run, "container", debian_12.tag) as process:
        (stopped,) = containers(run)
        engine.client().pause(stopped)  # so that it cannot see that its orchestrator is gone
        process.send_signal(signal.SIGKILL)
    lease.sweep(notes.append)
    assert containers(run) == []
    assert notes == [f"run {run} died; removed 1 container(s) and 3 process(es) that it left"]


@pytest.mark.docker
def test_containers_are_kept_in_mind_until_the_engine_answers(
    run: str, notes: list[str], debian_12: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holder(run, "container", debian_12.tag) as process:
        engine.client().pause(containers(run)[0])
        process.send_signal(signal.SIGKILL)

    def away() -> None:
        raise InfrastructureError("no engine")

    with monkeypatch.context() as patched:
        patched.setattr(engine, "client", away)
        lease.sweep(notes.append)
    assert "will be removed when the container engine answers" in notes[0]
    lease.sweep(notes.append)
    assert containers(run) == []


def test_a_cache_that_cannot_be_written_is_said(run: str, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(InfrastructureError, match="BOOTMATRIX_CACHE"):
        Lease(run).__enter__()


def test_what_a_run_starts_carries_its_mark_and_nothing_else_does(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert host.run_mark() == {}
    with Lease(run):
        assert host.run_mark() == {host.RUN_MARK: run}
        assert host.scratch()
    assert host.scratch() is None
    monkeypatch.setenv(host.RUN_MARK, "another")  # a run that is a test of another run, with a cache of its own
    assert host.scratch() is None
    assert Job(("true",), "test").env == {}


@pytest.mark.parametrize("kind", LAID)
def test_a_lock_that_is_no_plain_file_is_made_anew(tmp_path: Path, kind: str) -> None:
    """Two that come to it at once still keep each other out."""
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    lay(kind, tmp_path / "cache" / "work" / "run" / lease.LOCK, victim)
    lay(kind, tmp_path / "cache" / "locks" / keys.of("thing"), victim)
    stop = threading.Event()
    with Lease("run"), locks.held("thing", stop):
        assert lease.is_alive("run")
        stop.set()
        with pytest.raises(InfrastructureError, match="while it waited for thing"), locks.held("thing", stop):
            pass
    assert victim.read_text() == "as it was"


@pytest.mark.parametrize("kind", [*LAID, "file"])
def test_what_is_no_folder_of_a_run_is_swept_without_following_it(tmp_path: Path, kind: str, notes: list[str]) -> None:
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    work = tmp_path / "cache" / "work"
    work.mkdir(parents=True)
    lay(kind, work / "run", victim) if kind != "file" else (work / "run").touch()
    lease.sweep(notes.append)
    assert list(work.iterdir()) == []
    assert victim.read_text() == "as it was"
    assert len(notes) == 1


@pytest.mark.parametrize("name", ["work", "locks"])
def test_a_link_in_the_place_of_a_folder_of_locks_is_said(tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / name).symlink_to(elsewhere)
    held = Lease("run") if name == "work" else locks.held("thing", threading.Event())
    with pytest.raises(InfrastructureError, match="cannot be"), held:
        pass
    assert list(elsewhere.iterdir()) == []
