"""What is recorded is read back, whatever it holds, however often, by however many at once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from histories import CELL, result, run, written

from bootmatrix.history import point
from bootmatrix.history.database import History, opened
from bootmatrix.model import Measure

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HOSTILE = "\0 \x1b[2J \ud800 \ufffe 😀 `@user` <b> ' \" % {} \\"


def test_a_run_is_read_back_as_it_was_recorded(past: History) -> None:
    timed = replace(result().attempts[0], started="2026-01-01T02:00:00.250Z")
    first = run(
        1,
        result(attempts=(timed,)),
        result("hang", "timed out", attempts=()),
        result("a@b=1", host="", digest=""),
    )
    past.record(first)
    night = past.night("r0001")
    assert night
    assert (night.started, night.commit, night.branch, night.partial) == (first.started, first.commit, "main", False)
    made = {one.id: one for one in past.points([night])}
    for each in first.results:
        wanted = point.of("r0001", each)
        assert replace(made[each.id], measures=()) == replace(wanted, measures=())
        assert set(made[each.id].measures) == set(wanted.measures)
    assert dict(past.tests()) == {one.id: one.values for one in made.values()}
    assert past.night("r0002") is None


def test_recording_again_replaces_what_was_recorded(past: History) -> None:
    past.record(run(1, result("a", "skipped"), result("b"), interrupted=True))
    past.record(run(1, result("a"), result("a", "failed"), axes=("compiler",)))
    (night,) = past.nights("main", 9)
    assert not night.partial
    assert [(one.test, one.verdict) for one in past.points([night])] == [("a", "passed")]


def test_nights_are_the_last_of_a_branch_before_a_run_as_they_were_recorded(
    past: History,
) -> None:
    for number in (5, 1, 4, 2, 3):
        past.record(run(number, branch="main" if number != 3 else "other", partial=number == 2))
    past.record(run(1))  # again: it stays where it was
    assert [night.run for night in past.nights("main", 9)] == ["r0005", "r0001", "r0004", "r0002"]
    assert [night.run for night in past.nights("main", 2)] == ["r0004", "r0002"]
    assert [night.run for night in past.nights("main", 2, before="r0004")] == ["r0005", "r0001"]
    assert [night.run for night in past.nights(None, 3)] == ["r0004", "r0002", "r0003"]
    assert [night.partial for night in past.nights("main", 9, before="r0003")] == [False, False, False, True]
    assert past.nights("main", 9, before="never recorded") == ()


def test_points_come_test_by_test_and_night_by_night(past: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.history.reading.AT_ONCE", 6)
    monkeypatch.setattr("bootmatrix.history.recording.AT_ONCE", 2)
    names = [f"t{number}" for number in range(7)]
    for number in (3, 1, 2):
        past.record(run(number, *(result(name) for name in names[number - 1 :])))
    nights = past.nights("main", 9)
    every = [(one.test, one.run) for one in past.points(nights)]
    assert sorted(every) == sorted((name, f"r000{number}") for number in (1, 2, 3) for name in names[number - 1 :])
    assert [run for name, run in every if name == "t6"] == ["r0003", "r0001", "r0002"]
    assert len([1 for at in range(1, len(every)) if every[at][0] != every[at - 1][0]]) == len(names) - 1
    some = [(one.test, one.run) for one in past.points(nights[1:], [f"{CELL}/t1", f"{CELL}/t6", "none/such"])]
    assert sorted(some) == [("t1", "r0001"), ("t1", "r0002"), ("t6", "r0001"), ("t6", "r0002")]


def test_hostile_texts_and_numbers_do_no_harm(past: History) -> None:
    tried = result().attempts[0]
    metrics = tuple(Measure(name, value, HOSTILE) for name, value in (("n", math.nan), ("i", math.inf), ("v", 1e300)))
    nasty = result(
        verdict="failed",
        reason=HOSTILE + "x" * 100_000,
        axes={"compiler": HOSTILE},
        host=HOSTILE,
        attempts=(replace(tried, metrics=metrics),),
    )
    past.record(run(1, nasty, branch=HOSTILE, commit=HOSTILE))
    (night,) = past.nights(None, 9)
    (one,) = past.points([night])
    assert len(one.reason) == point.LONGEST
    assert "😀" in one.reason
    assert "\0" not in one.reason
    assert {measure.name for measure in one.measures} == {"boot_time", "memory_peak", "unikernel_size", "v"}
    past.record(run(2, nasty))
    assert len(list(past.points(past.nights(None, 9)))) == 2


def test_several_processes_record_at_once(url: str, tmp_path: Path) -> None:
    """Each makes the tables, and names that the others make too."""
    assert written(url, tmp_path, [[1, 2, 3], [3, 4, 5], [6, 3, 1]]) == [0, 0, 0]
    with opened(tmp_path, url) as past:
        nights = past.nights("main", 9)
        assert sorted(night.run for night in nights) == ["r0001", "r0002", "r0003", "r0004", "r0005", "r0006"]
        assert len(list(past.points(nights))) == 6 * 700
        assert len(list(past.tests())) == 705


def test_the_projects_own_folder_is_left_out_by_git(tmp_path: Path) -> None:
    with opened(tmp_path) as past:
        past.record(run(1, result()))
    assert (tmp_path / ".bootmatrix" / "history.sqlite").is_file()
    assert (tmp_path / ".bootmatrix" / ".gitignore").read_text() == "*\n"


def test_none_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_HISTORY", "none")
    with opened(tmp_path) as past:
        past.record(run(1, result()))
        assert past.nights("main", 9) == ()
        assert past.night("r0001") is None
        assert [*past.points([]), *past.tests()] == []
    assert list(tmp_path.iterdir()) == []


def test_the_option_is_stronger_than_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_HISTORY", str(tmp_path / "environment"))
    for given, file in (("", "environment"), (f"sqlite:///{tmp_path}/option", "option")):
        with opened(tmp_path, given) as past:
            past.record(run(1))
        assert (tmp_path / file).is_file()
