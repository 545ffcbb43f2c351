"""A disk that is full: said with its remedy, nothing lost, and when there is room again the run goes on."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, runs, script, scripted, told, write_matrix

from bootmatrix import results

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image

HOST = {"backend": ["command"]}
TESTS = 60


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few hundred KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.getuid() or subprocess.run(mount(folder, "size=200k"), check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here: that needs root")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def mount(folder: Path, options: str) -> list[str]:
    return ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]


def enlarge(folder: Path) -> None:
    subprocess.run(mount(folder, "remount,size=64m"), check=True)


def test_a_full_disk_stops_the_run_and_more_room_lets_it_go_on(tmp_path: Path, small: Path) -> None:
    tests = {f"t{n}": script("head -c 6000 /dev/zero | tr '\\0' x; exit 0") for n in range(TESTS)}
    write_matrix(tmp_path, scripted(HOST, **tests))
    args = ("run", "--engine", "host", "-j", "2", "--out", str(small))
    env = {"BOOTMATRIX_CACHE": str(tmp_path / "cache")}
    done = bootmatrix(*args, cwd=tmp_path, **env)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "No space left on device" in done.stderr
    assert "bootmatrix run --resume" in done.stderr
    assert "Traceback" not in done.stderr
    (run,) = runs(small)
    before = told(run)
    assert 0 < len(before) < TESTS
    assert all(verdicts == ["passed"] for verdicts in before.values())
    enlarge(small)
    done = bootmatrix(*args, "--resume", cwd=tmp_path, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert told(run) == {name: ["passed"] for name in tests}
    assert [result.test for result in results.load(run / "results.json").results] == list(tests)
    assert list((tmp_path / "cache" / "work").iterdir()) == []


def test_what_is_kept_of_failed_boots_leaves_room_for_their_results(tmp_path: Path, small: Path) -> None:
    """Each disk alone would take half of the room."""
    subprocess.run(mount(small, "remount,size=2m"), check=True)
    wrong = {"blocks": {"d": "1 MiB"}, "expect": {"console": "never"}}
    fill = 'head -c 1048576 /dev/urandom > "$1"; echo done'
    guest = {"runner": {"command": ["sh", "-c", fill, "sh", "{blocks.d}"]}, **wrong}
    write_matrix(tmp_path, scripted(HOST, **{f"t{n}": guest for n in range(3)}))
    env = {"BOOTMATRIX_CACHE": str(tmp_path / "cache")}
    done = bootmatrix("run", "--engine", "host", "-j", "3", "--out", str(small), cwd=tmp_path, **env)
    assert done.returncode == 1, done.stdout + done.stderr
    (run,) = runs(small)
    found = results.load(run / "results.json").results
    assert [each.verdict for each in found] == ["contradicted"] * 3
    kept = [run / name for each in found for name in each.attempts[0].files if name.endswith(".img")]
    assert 1 <= len(kept) < 3
    assert {file.stat().st_blocks * 512 for file in kept} == {1 << 20}
    assert sorted(kept) == sorted(run.glob("consoles/*/*/*.img"))


def test_a_disk_that_is_full_from_the_beginning_is_said(tmp_path: Path, small: Path) -> None:
    with contextlib.suppress(OSError):
        (small / "filler").write_bytes(b"x" * (1 << 20))
    write_matrix(tmp_path, scripted(HOST, t=script("true")))
    done = bootmatrix("run", "--engine", "host", "--out", str(small), cwd=tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_build_that_fills_the_cache_says_so(tmp_path: Path, small: Path) -> None:
    matrix = scripted(HOST, t=script("true", build="it", unikernel="it"))
    matrix["builds"] = {"it": {"run": "head -c 1000000 /dev/zero >$OUT/it", "axes": []}}
    write_matrix(tmp_path, matrix)
    done = bootmatrix("run", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(small))
    assert done.returncode == 3
    assert "No space left on device" in done.stdout
    assert str(small) in done.stdout
    assert "Traceback" not in done.stderr


def test_a_source_for_whose_copy_there_is_no_room_is_the_infrastructures_failure(tmp_path: Path, small: Path) -> None:
    matrix = scripted(HOST, t=script("true", build="it", unikernel="it"))
    matrix["builds"] = {"it": {"source": "source", "run": "cp large $OUT/it", "axes": []}}
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "large").write_bytes(os.urandom(1_000_000))
    write_matrix(tmp_path, matrix)
    done = bootmatrix("run", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(small))
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"No space left on device (the disk mounted at {small}, " in done.stderr
    assert 'type="infrastructure"' in (tmp_path / "out" / "latest" / "junit.xml").read_text()


def test_a_first_matrix_for_which_there_is_no_room_leaves_no_half(tmp_path: Path, small: Path) -> None:
    with contextlib.suppress(OSError), (small / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"x" * 4096):
            pass
    done = bootmatrix("init", "-C", str(small), cwd=tmp_path)
    assert done.returncode == 3
    assert f"{small}/matrix.yaml cannot be written: No space left on device (the disk mounted at" in done.stderr
    assert [file.name for file in small.iterdir()] == ["filler"]


@pytest.mark.parametrize("where", ["host", pytest.param("docker", marks=pytest.mark.docker)])
def test_a_cache_that_is_full_stops_the_run_which_goes_on_when_there_is_room(
    tmp_path: Path, small: Path, where: str, debian_12: Image
) -> None:
    assert debian_12
    matrix = scripted(HOST if where == "host" else None, t=script("true", build="it", unikernel="it"))
    matrix["builds"] = {"it": {"source": "source", "run": "cp large $OUT/it", "axes": []}}
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "large").write_bytes(os.urandom(150_000))  # once as the copy, once as what is built
    write_matrix(tmp_path, matrix)
    env = {"BOOTMATRIX_CACHE": str(small)}
    done = bootmatrix("run", "--engine", where, cwd=tmp_path, **env)
    assert "No space left on device" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "bug in bootmatrix" not in done.stdout + done.stderr
    enlarge(small)
    done = bootmatrix("run", "--engine", where, "--failed", cwd=tmp_path, **env)
    assert done.returncode == 0, done.stdout + done.stderr
