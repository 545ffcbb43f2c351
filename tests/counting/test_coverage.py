"""Functions that no boot executed, and those that only boots with one value of an axis did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from counting.covered import ALL, run

from bootmatrix.counting import coverage, tables
from bootmatrix.results import open_run, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("stored", [True, False])
def test_the_boots_of_a_matrix_are_added_up(tmp_path: Path, stored: bool) -> None:
    made = run(tmp_path, ALL)
    write(made, tmp_path / "results.json")
    found = coverage.of(open_run(tmp_path / "results.json") if stored else made, tmp_path)
    assert (found.boots, found.left, len(found.functions), found.executed) == (5, 0, 5, 4)
    assert [each.name for each in found.never()] == ["trap"]
    assert found.functions["main", "a.c"].boots == 3
    alone = [(axis, value, [each.name for each in functions]) for axis, value, functions in found.alone(made.axes)]
    assert alone == [("arch", "arm", ["fdt"])]  # psci is in no other's unikernel


def test_an_axis_that_has_one_value_in_all_that_know_a_function_says_nothing(tmp_path: Path) -> None:
    boots = {"arm-qemu/a": [("f", "f.c", 1, 1)], "arm-virtio/a": [("f", "f.c", 1, 0)]}
    found = coverage.of(run(tmp_path, boots), tmp_path)
    assert [(axis, value) for axis, value, _ in found.alone(("arch", "backend"))] == [("backend", "qemu")]


@pytest.mark.parametrize("table", [b"", b"\xff\0,", b"function,file\na,b\n", b"function,file,line,executed\na,b,c,d\n"])
def test_a_damaged_table_is_none(tmp_path: Path, table: bytes) -> None:
    assert coverage.of(run(tmp_path, {"arm-qemu/a": table}), tmp_path).boots == 0


def test_the_row_that_says_how_many_more_there_are_is_no_function(tmp_path: Path) -> None:
    rows = [(f"{number:0200}", "a.c", 1, 1) for number in range(12_000)]
    found = coverage.of(run(tmp_path, {"arm-qemu/a": rows}), tmp_path)
    assert 9000 < len(found.functions) < 12_000
    assert not [name for name, _ in found.functions if name.startswith("(")]


def test_no_more_is_added_up_than_there_is_memory_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "ROWS", 8)
    found = coverage.of(run(tmp_path, ALL), tmp_path)
    assert (found.boots, found.left) == (2, 3)
    monkeypatch.setattr(coverage, "FUNCTIONS", 5)
    assert coverage.of(run(tmp_path, ALL), tmp_path).left == 4


def test_a_table_outside_of_the_run_is_not_read(tmp_path: Path) -> None:
    made = run(tmp_path / "run", {"arm-qemu/a": [("f", "f.c", 1, 1)]})
    file = tmp_path / "run/consoles/arm-qemu/a/1.coverage.csv"
    file.rename(tmp_path / "outside.csv")
    file.symlink_to(tmp_path / "outside.csv")
    assert coverage.of(made, tmp_path / "run").boots == 0


def test_what_is_written_is_read(tmp_path: Path) -> None:
    rows = [('a,"b"', "x y.c", 3, 1), ("", "", 0, 0)]
    (result,) = run(tmp_path, {"arm-qemu/a": rows}).results
    assert tables.read(result, tables.COVERAGE, tmp_path) == [('a,"b"', "x y.c", [3, 1]), ("", "", [0, 0])]
