from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st
from support import bootmatrix, write_matrix

from bootmatrix import host, uses
from bootmatrix.errors import InfrastructureError
from bootmatrix.places.containers import engine
from bootmatrix.runs import passes
from bootmatrix.runs.lease import Lease
from bootmatrix.upkeep import gc
from bootmatrix.upkeep.kept import DAY, Item

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))


def item(name: str, size: int, days: float) -> Item:
    return Item("build", name, size, days * DAY, lambda: None)


def names(found: list[Item]) -> list[str]:
    return [each.name for each in found]


def built(name: str, days: float, size: int = 8192, *, marked: bool = True) -> Path:
    """A build that was last used so many days ago."""
    folder = host.cache() / "builds" / name
    folder.mkdir(parents=True)
    (folder / "unikernel").write_bytes(os.urandom(size))
    uses.mark("build", name, f"label of {name}")
    if not marked:
        return folder
    then = time.time() - days * DAY
    for file in (host.cache() / "used").iterdir():
        if file.read_text() == f"label of {name}":
            os.utime(file, (then, then))
    return folder


def test_what_was_not_used_for_so_long_goes_and_then_the_oldest_down_to_the_size() -> None:
    found = [item("new", 10, 1), item("old", 10, 20), item("older", 10, 30), item("newer", 10, 0.1)]
    assert names(gc.chosen(found, 14, None)) == ["older", "old"]
    assert names(gc.chosen(found, 100, 25)) == ["older", "old"]
    assert names(gc.chosen(found, 14, 15)) == ["older", "old", "new"]
    assert names(gc.chosen(found, 100, None)) == []


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0.01, 50)), max_size=20), st.integers(0, 300))
def test_never_more_than_the_size_is_kept(sizes: list[tuple[int, float]], limit: int) -> None:
    found = [item(str(index), size, days) for index, (size, days) in enumerate(sizes)]
    gone = gc.chosen(found, 1000, limit)
    assert sum(each.size for each in found) - sum(each.size for each in gone) <= limit


def test_what_a_run_that_lives_may_use_is_kept(tmp_path: Path) -> None:
    with Lease("alive") as lease:
        begun = time.time() - 3 * DAY
        os.utime(lease.folder / "lock", (begun, begun))
        assert names(gc.chosen([item("used", 10, 2), item("unused", 10, 4)], 1, 0)) == ["unused"]
    assert names(gc.chosen([item("used", 10, 2)], 1, 0)) == ["used"]
    assert not list((tmp_path / "cache" / "work").iterdir())


def test_old_builds_are_freed_with_their_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise InfrastructureError("no engine")

    monkeypatch.setattr(engine, "client", away)
    old, new, told = built("old", 20), built("new", 1), list[str]()
    (found,) = gc.chosen(gc.items(None, told.append), 14, None)
    assert told == ["images are not looked at: no engine"]
    assert (found.name, found.size, gc.human_age(found.age)) == ("label of old", 8192, "20 days ago")
    found.remove()
    assert (old.exists(), new.exists()) == (False, True)
    assert len(list((tmp_path / "cache" / "used").iterdir())) == 1


def test_a_dry_run_frees_nothing_and_says_what_would_go(tmp_path: Path) -> None:
    old = built("old", 20)
    done = bootmatrix("gc", "--dry-run", cwd=tmp_path, DOCKER_HOST="unix:///nowhere")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "build       8 KiB  used 20 days ago    label of old",
        "8 KiB would be freed, 0 B kept in 0 items",
    ]
    assert done.stderr.startswith("images are not looked at: no container engine answers at unix:///nowhere: ")
    assert old.exists()
    done = bootmatrix("gc", cwd=tmp_path, DOCKER_HOST="unix:///nowhere")
    assert "8 KiB freed" in done.stdout
    assert not old.exists()


def test_runs_go_only_where_that_is_asked_for_and_never_the_last(tmp_path: Path) -> None:
    test = {"unikernel": "matrix.yaml", "runner": {"command": ["true"]}}
    write_matrix(tmp_path, {"axes": {"backend": ["command"]}, "tests": {"t": test}})
    for _ in range(2):
        assert bootmatrix("run", "--engine", "host", cwd=tmp_path).returncode == 0
    first, last = sorted(path.parent for path in tmp_path.glob("out/*/events.jsonl") if path.parent.name != "latest")
    assert "0 B freed" in bootmatrix("gc", "--days", "0", cwd=tmp_path, DOCKER_HOST="unix:///nowhere").stdout
    done = bootmatrix("gc", "--days", "0", "--yes", "--runs", cwd=tmp_path, DOCKER_HOST="unix:///nowhere")
    assert f"used today          {first.name}" in done.stdout
    assert (first.exists(), last.exists()) == (False, True)
    rows = (tmp_path / "out" / passes.FILE).read_text().splitlines()
    assert [row.split()[1] for row in rows] == [last.name]
    assert json.loads((tmp_path / "out/latest/results.json").read_text())["id"] == last.name


def test_what_cannot_be_removed_is_said_and_the_others_go(tmp_path: Path) -> None:
    def refuses() -> None:
        raise InfrastructureError("it is in use")

    from bootmatrix.commands import gc as command  # noqa: PLC0415

    stuck = Item("image", "stuck", 100, 0, refuses)
    assert command.free(stuck, dry_run=False) == 0
    assert command.free(item("free", 7, 0), dry_run=False) == 7
    assert tmp_path.exists()


@pytest.mark.parametrize("all_of_it", [("--days", "0"), ("--size", "0 MiB")], ids=" ".join)
def test_everything_goes_only_after_a_yes(tmp_path: Path, all_of_it: tuple[str, str]) -> None:
    new = built("new", 0.01)
    env = {"DOCKER_HOST": "unix:///nowhere"}
    done = bootmatrix("gc", *all_of_it, cwd=tmp_path, **env)
    assert (done.returncode, "label of new" in done.stdout, new.exists()) == (2, True, True)
    assert "nothing was removed" in done.stderr
    assert "--yes" in done.stderr
    done = bootmatrix("gc", *all_of_it, "--dry-run", cwd=tmp_path, **env)
    assert (done.returncode, new.exists()) == (0, True)
    done = bootmatrix("gc", *all_of_it, "--yes", cwd=tmp_path, **env)
    assert (done.returncode, new.exists()) == (0, False)
    assert bootmatrix("gc", *all_of_it, cwd=tmp_path, **env).returncode == 0, "there is nothing to ask about"


@pytest.mark.parametrize(("answer", "status", "stays"), [("y", 0, False), ("n", 2, True)])
def test_at_a_terminal_it_asks(tmp_path: Path, answer: str, status: int, stays: bool) -> None:
    new = built("new", 0.01)
    parent, child = pty.openpty()
    os.write(parent, f"{answer}\n".encode())
    command = [sys.executable, "-m", "bootmatrix", "gc", "--days", "0"]
    env = {**os.environ, "DOCKER_HOST": "unix:///nowhere"}
    done = subprocess.run(command, cwd=tmp_path, env=env, stdin=child, capture_output=True, text=True, check=False)
    os.close(parent)
    os.close(child)
    assert (done.returncode, new.exists()) == (status, stays), done.stdout + done.stderr
    assert "remove all 1?" in done.stdout


@pytest.mark.parametrize("what", ["builds", "a build", "a run", "latest", "used"])
def test_no_link_is_followed(tmp_path: Path, what: str) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "events.jsonl").write_bytes(b"x" * 5000)
    places = {
        "builds": host.cache() / "builds",
        "a build": host.cache() / "builds" / "b",
        "a run": tmp_path / "out" / "r",
        "latest": tmp_path / "out" / "latest",
        "used": host.cache() / "used",
    }
    places[what].parent.mkdir(parents=True, exist_ok=True)
    places[what].symlink_to(victim)
    if what == "used":
        built("new", 0, marked=False)
    done = bootmatrix("gc", "--days", "0", "--yes", "--runs", cwd=tmp_path, DOCKER_HOST="unix:///nowhere")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in victim.iterdir()] == ["events.jsonl"]
    assert (what == "used") or "0 B freed" in done.stdout


def test_the_newest_run_is_kept_where_latest_says_nothing(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / "out" / name).mkdir(parents=True)
        (tmp_path / "out" / name / "events.jsonl").touch()
    (tmp_path / "out" / "latest").symlink_to("latest")
    assert names([each for each in gc.items(tmp_path / "out", print) if each.kind == "run"]) == ["1"]


@pytest.mark.skipif(os.getuid() != 0, reason="a mount needs root")
def test_no_mount_is_crossed(tmp_path: Path) -> None:
    folder, victim = built("old", 20), tmp_path / "victim"
    victim.mkdir()
    (victim / "file").touch()
    (folder / "inner").mkdir()
    code = f"mount --bind {victim} {folder}/inner && {sys.executable} -m bootmatrix gc"
    command = ["unshare", "-m", "--propagation", "private", "sh", "-c", code]
    env = {**os.environ, "DOCKER_HOST": "unix:///nowhere"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert f"a file system is mounted at {folder}/inner" in done.stderr
    assert "0 B freed" in done.stdout
    assert ((victim / "file").exists(), (folder / "unikernel").exists()) == (True, True)
