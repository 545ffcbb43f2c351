"""In which functions a count differs, as far as the tables of both runs tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from histories import result, run

from bootmatrix.compare import functions, judge, pairs, words
from bootmatrix.counting import part
from bootmatrix.counting.part import Part, Tables
from bootmatrix.history import point
from bootmatrix.model import Measure

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.compare.judge import Row

HEAD = "function,file,instructions\n"
OLD = HEAD + "memcpy,a.c,50000\nsame,a.c,7\nstatic,a.c,1\nstatic,b.c,2\ngone,,9\n"
NEW = HEAD + "memcpy,a.c,62000\nsame,a.c,7\nstatic,a.c,4\nstatic,b.c,2\nnew,,1\n"
NAME = "consoles/t/1.functions.csv"


def side(folder: Path, count: int, table: str | None) -> Tables:
    folder.mkdir()
    if table is not None:
        (folder / NAME).parent.mkdir(parents=True)
        (folder / NAME).write_text(table)
    made = result("t")
    metric = Measure("instructions", count, "instructions", "lower")
    attempts = (replace(made.attempts[0], metrics=(metric,), files=("consoles/t/1.usage.csv", NAME)),)
    return Tables(run(1, replace(made, attempts=attempts)), folder)


def told(before: Tables, after: Tables) -> Row:
    found = pairs.of_runs(point.of_run(before.run), point.of_run(after.run))
    compared = functions.added(judge.compare(found, "", "", ""), found, before, after)
    (measure,) = [each for each in compared.measures if each.name == "instructions"]
    return measure.rows[0]


def test_the_largest_difference_is_told_first(tmp_path: Path) -> None:
    row = told(side(tmp_path / "old", 50_019, OLD), side(tmp_path / "new", 62_014, NEW))
    assert row.functions[0] == Part("memcpy", 50_000, 62_000)
    assert words.functions(row) == "memcpy +12,000, gone -9, static +3, new +1"
    assert words.both(row.shift, "instructions") == "50,019 → 62,014 instructions"


def test_of_many_functions_some_are_told(tmp_path: Path) -> None:
    many = HEAD + "".join(f"f{number},,{number + 1}\n" for number in range(100))
    row = told(side(tmp_path / "old", 1000, HEAD + "a,,1\n"), side(tmp_path / "new", 2000, many))
    assert len(row.functions) == part.KEPT
    assert words.functions(row) == "f99 +100, f98 +99, f97 +98, f96 +97, f95 +96 and 45 more"


def test_the_same_count_has_no_functions(tmp_path: Path) -> None:
    assert told(side(tmp_path / "old", 1000, OLD), side(tmp_path / "new", 1000, NEW)).functions == ()


@pytest.mark.parametrize(
    "table", [None, "", "x\ny\n", HEAD + "a,b\n", HEAD + "a,,x\n", HEAD + "a,,1\n" * 500_000], ids=range(6)
)
def test_without_a_good_table_of_both_nothing_is_told(tmp_path: Path, table: str | None) -> None:
    assert told(side(tmp_path / "old", 1000, OLD), side(tmp_path / "new", 2000, table)).functions == ()


def test_no_table_outside_of_the_run_is_read(tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text(NEW)
    new = side(tmp_path / "new", 2000, NEW)
    (tmp_path / "new" / NAME).unlink()
    (tmp_path / "new" / NAME).symlink_to(tmp_path / "outside.csv")
    assert told(side(tmp_path / "old", 1000, OLD), new).functions == ()
