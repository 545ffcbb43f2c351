"""In which functions a count changed over the nights, as far as the runs' own tables tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from histories import CELL, night, result, run

from bootmatrix.counting.part import Part, Tables
from bootmatrix.history import functions
from bootmatrix.history.findings import Change, ChangeKind, Changes, Night

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "function,file,instructions\n"
NAME = "consoles/t/1.functions.csv"
OLD, NEW = "memcpy,a.c,50000\ngone,,9\n", "memcpy,a.c,62000\nnew,,1\n"


def kept(folder: Path, number: int, table: str) -> Tables:
    """A run's folder with one test's table; without one if the text is empty."""
    here = folder / f"r{number:04}"
    (here / NAME).parent.mkdir(parents=True)
    if table:
        (here / NAME).write_text(HEAD + table)
    made = result("hello")
    return Tables(run(number, replace(made, attempts=(replace(made.attempts[0], files=(NAME,)),))), here)


def told(folder: Path, *texts: str | None, since: int = 3, measure: str = "instructions") -> tuple[Change, list[int]]:
    """The change, that came in the night `since`, and the nights that were looked into; None: the run is gone."""
    runs = {f"r{number:04}": kept(folder, number, text) for number, text in enumerate(texts) if text is not None}
    last, asked = len(texts) - 1, []

    def run_of(one: Night) -> Tables | None:
        asked.append(int(one.run[1:]))
        return runs.get(one.run)

    change = Change(ChangeKind.WORSE, f"{CELL}/hello", "more", night(since), None, measure, 50_009, 62_001, measure)
    found = Changes("main", tuple(night(number) for number in range(last)), (change,))
    return functions.added(found, runs[night(last).run], run_of).changes[0], asked


def test_the_last_night_before_the_change_is_held_against_tonight(tmp_path: Path) -> None:
    change, asked = told(tmp_path, "other,,1\n", "other,,1\n", OLD, NEW, NEW)
    assert change.functions == (Part("memcpy", 50_000, 62_000), Part("gone", 9, 0), Part("new", 0, 1))
    assert change.detail == "more: memcpy +12,000, gone -9, new +1"
    assert asked == [2]


def test_nights_without_their_run_and_of_another_kind_are_left_out(tmp_path: Path) -> None:
    change, asked = told(tmp_path, OLD, None, "memcpy,,7\n", NEW)
    assert change.functions[0].name == "memcpy"
    assert asked == [2, 1, 0]


@pytest.mark.parametrize(
    ("texts", "since", "measure"),
    [
        ((None, None, None, NEW), 3, "instructions"),
        (("", "", "", NEW), 3, "instructions"),
        ((OLD, OLD, OLD, ""), 3, "instructions"),
        ((OLD, OLD, OLD, "memcpy,,1\n"), 3, "instructions"),  # cut off, or of another boot
        ((OLD, NEW), 0, "instructions"),
        ((OLD, OLD, OLD, NEW), 3, "boot_time"),
    ],
)
def test_where_a_side_has_no_table_nothing_is_told(
    tmp_path: Path, texts: tuple[str | None, ...], since: int, measure: str
) -> None:
    change, _ = told(tmp_path, *texts, since=since, measure=measure)
    assert (change.functions, change.detail) == ((), "more")


def test_no_more_than_some_nights_are_looked_into(tmp_path: Path) -> None:
    _, asked = told(tmp_path, OLD, *[""] * 9, NEW, since=10)
    assert asked == [9, 8, 7, 6, 5]
