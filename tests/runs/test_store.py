from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import Fatal, InfrastructureError
from bootmatrix.model import Attempt, Outcome, Result, Verdict
from bootmatrix.runs import keeping, store
from bootmatrix.texts import Record
from bootmatrix.watching.watch import Watched
from bootmatrix.watching.witness import Findings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[store.Store]:
    opened = store.Store(tmp_path / "out", "run", 3)
    yield opened
    opened.close()


def record(data: bytes, limit: int = 1 << 30) -> Record:
    filled = Record(limit)
    filled.add(data)
    return filled


def test_results_are_read_in_the_order_of_the_plan_whatever_order_they_came_in(kept: store.Store) -> None:
    for index in (2, 0, 1):
        kept.keep(index, Result("cell", str(index), Verdict.PASSED))
    assert [result.test for result in kept.results()] == ["0", "1", "2"]
    assert kept.verdicts == {"passed": 3}


def test_what_was_not_told_is_missing(kept: store.Store) -> None:
    kept.keep(1, Result("cell", "one", Verdict.FAILED))
    assert kept.missing() == [0, 2]


def test_the_newest_run_is_the_latest(tmp_path: Path) -> None:
    for name in ("first", "second"):
        opened = store.Store(tmp_path, name, 0)
        opened.point_at_it()
        opened.close()
    assert (tmp_path / "latest").readlink().name == "second"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["first", "latest", "second"]


def test_ids_of_runs_sort_by_their_time_and_never_meet() -> None:
    ids = [store.new_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert [each[:19] for each in ids] == sorted(each[:19] for each in ids)


def test_a_folder_that_cannot_be_made_is_an_infrastructure_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InfrastructureError, match="--out"):
        store.Store(tmp_path / "file", "run", 0)


def test_a_console_that_the_disk_does_not_take_ends_the_run(kept: store.Store) -> None:
    (kept.folder / "consoles").write_text("no folder")
    with pytest.raises(Fatal, match="cannot be written"):
        kept.keep_consoles("cell/test", "1", Watched(record(b"a"), record(b""), 1.0, None), passed=True)


def test_consoles_are_kept_beside_the_results_and_empty_ones_are_not(kept: store.Store) -> None:
    seen = Watched(record(b"a\xff\x00"), record(b""), 1.0, None)
    files = kept.keep_consoles("cell/test", "2", seen, passed=True)
    assert files == store.Consoles("consoles/cell/test/2.console.log", "")
    assert (kept.folder / files.console).read_bytes() == b"a\xff\x00"


def test_a_long_console_keeps_its_head_and_its_tail() -> None:
    middle = b"m" * 1000
    data = b"h" * store.HEAD + middle + b"t" * store.TAIL
    kept = store.bounded(record(data))
    assert kept == b"h" * store.HEAD + b"\n[bootmatrix: 1,000 bytes are left out here]\n" + b"t" * store.TAIL


@pytest.mark.parametrize("size", [0, 1, store.HEAD, store.HEAD + store.TAIL])
def test_a_console_that_fits_is_kept_whole(size: int) -> None:
    assert store.bounded(record(b"x" * size)) == b"x" * size


@pytest.mark.parametrize("limit", [0, 10, 1 << 20])
def test_a_console_beyond_its_limit_says_what_is_missing_and_how_it_ended(limit: int) -> None:
    kept = store.bounded(record(b"x" * (limit + (1 << 20)) + b"the end", limit))
    assert kept.endswith(b"xthe end")
    assert kept.count(b"bytes are left out here") == 1 + (limit > store.HEAD)
    assert len(kept) < store.HEAD + store.TAIL + 200


def test_evidence_is_made_and_kept_of_a_boot_that_did_not_pass(kept: store.Store) -> None:
    made: list[str] = []

    def make() -> bytes:
        made.append("once")
        return b"packets"

    found = Findings(files={"usage.csv": b"1"}, evidence={"packets.txt": make})
    seen = Watched(record(b"a"), record(b""), 1.0, None, findings=found)
    assert kept.keep_consoles("cell/test", "1", seen, passed=True).others == ("consoles/cell/test/1.usage.csv",)
    assert not made
    (_, packets) = kept.keep_consoles("cell/test", "2", seen, passed=False).others
    assert (kept.folder / packets).read_bytes() == b"packets"
    assert made == ["once"]


def made_disk(file: Path, size: int, data: int) -> int:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT)
    os.ftruncate(descriptor, size)
    os.pwrite(descriptor, b"x" * data, size // 2)
    return descriptor


def test_a_disk_is_kept_with_its_holes(kept: store.Store, tmp_path: Path) -> None:
    descriptor = made_disk(tmp_path / "disk", 1 << 29, 5)
    named = kept.keep_disk("cell/test", "1.disk.a.img", descriptor)
    file = kept.folder / named
    assert named == "consoles/cell/test/1.disk.a.img"
    assert (file.stat().st_size, file.stat().st_blocks < 100) == (1 << 29, True)
    with file.open("rb") as stream:
        stream.seek(1 << 28)
        assert stream.read(6) == b"xxxxx\0"
    os.close(descriptor)


def test_disks_that_are_too_large_are_not_kept(
    kept: store.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "DISK_DATA", 1 << 20)
    monkeypatch.setattr(store, "ALL_DISKS", 1 << 19)
    for name, size, data in (("long", store.DISK + 1, 1), ("full", 4 << 20, 1_100_000)):
        assert kept.keep_disk("cell/test", name, made_disk(tmp_path / name, size, data)) == ""
    last = [bool(kept.keep_disk("cell/test", str(n), made_disk(tmp_path / str(n), 1 << 20, 1 << 17))) for n in range(9)]
    assert last == [True] * 3 + [False] * 6 or last == [True] * 4 + [False] * 5


def test_a_disk_goes_with_its_result_into_another_run(kept: store.Store, tmp_path: Path) -> None:
    kept.keep_disk("cell/test", "1.disk.a.img", made_disk(tmp_path / "disk", 1 << 29, 5))
    outcome = Outcome("exited", "1", "")
    names = ("1.disk.a.img", "2.disk.a.img", "1.disk.a/../b.img", "1.disk.a b.img")
    files = tuple(f"consoles/cell/test/{name}" for name in names)
    attempt = Attempt(1, Verdict.FAILED, "", outcome, "2026-01-01T00:00:00.000Z", 1.0, files=files)
    found = keeping.with_consoles(Result("cell", "test", Verdict.FAILED, attempts=(attempt,)), kept.folder, tmp_path)
    assert found.attempts[0].files == files[:1]
    assert (tmp_path / files[0]).stat().st_size == 1 << 29
