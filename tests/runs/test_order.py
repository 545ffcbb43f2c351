"""Which run is the newest, whatever the clock said when it began."""

from __future__ import annotations

import multiprocessing
import os
from typing import TYPE_CHECKING

import pytest

from bootmatrix.runs import order
from bootmatrix.runs.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def test_runs_are_in_the_order_in_which_they_began_and_old_ones_come_before(tmp_path: Path) -> None:
    for run in ("2026b", "2025a", "2026a"):
        Store(tmp_path, run, 0).close()
    assert order.newest_first(tmp_path, ["2024", "2025a", "2026a", "2026b", "2027"]) == [
        "2026a",
        "2025a",
        "2026b",
        "2027",
        "2024",
    ]


def test_a_run_that_is_taken_up_again_stays_where_it_was(tmp_path: Path) -> None:
    for run in ("old", "new", "old"):
        Store(tmp_path, run, 0).close()
    assert order.newest_first(tmp_path, {"new", "old"}) == ["new", "old"]


@pytest.mark.parametrize("spoilt", [b"\xff\0\n2026a\n2025", b"\n2026a\n2025b\n2026"])
def test_a_line_that_was_cut_off_is_no_run_and_hides_none(tmp_path: Path, spoilt: bytes) -> None:
    (tmp_path / order.FILE).write_bytes(spoilt)
    order.begun(tmp_path, "2025a")
    assert order.newest_first(tmp_path, ["2025a", "2026a", "2030"]) == ["2025a", "2026a", "2030"]


def test_without_the_file_names_decide(tmp_path: Path) -> None:
    assert order.newest_first(tmp_path, ["1", "3", "2"]) == ["3", "2", "1"]
    os.mkfifo(tmp_path / order.FILE)
    assert order.newest_first(tmp_path, ["1", "3", "2"]) == ["3", "2", "1"]


def latest(out: Path) -> str:
    return str((out / "latest").readlink())


def test_latest_never_goes_back(tmp_path: Path) -> None:
    first, second = Store(tmp_path, "2026", 0), Store(tmp_path, "2025", 0)
    first.point_at_it()
    assert latest(tmp_path) == "2026"
    second.point_at_it()
    first.point_at_it()
    assert latest(tmp_path) == "2025"
    second.folder.joinpath("events.jsonl").unlink()
    second.folder.rmdir()  # as `gc --runs` does
    first.point_at_it()
    assert latest(tmp_path) == "2026"
    for store in (first, second):
        store.close()


def test_of_many_that_end_at_once_the_newest_is_the_latest(tmp_path: Path) -> None:
    runs = [f"r{number}" for number in range(6)]
    for run in runs:
        Store(tmp_path, run, 0).close()
    spawn = multiprocessing.get_context("fork")
    ends = [spawn.Process(target=order.point_at, args=(tmp_path, run)) for run in reversed(runs)]
    for end in ends:
        end.start()
    for end in ends:
        end.join(60)
    assert [end.exitcode for end in ends] == [0] * 6
    assert latest(tmp_path) == "r5"
