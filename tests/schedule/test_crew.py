from __future__ import annotations

import errno
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import BootmatrixError, Fatal, InfrastructureError, UserError
from bootmatrix.places.hosts import HERE
from bootmatrix.schedule.board import Board
from bootmatrix.schedule.capacity import Capacity
from bootmatrix.schedule.crew import Crew
from bootmatrix.schedule.task import ONE, Demand, Later, Task

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Diary:
    """What became of the tasks."""

    done: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def task(self, key: str, *needs: str, act: Callable[[], None] = lambda: None, demand: Demand = ONE) -> Task:
        def run() -> None:
            act()
            self.done.append(key)

        def lose(error: BootmatrixError) -> None:
            assert key not in self.lost
            self.lost[key] = str(error)

        return Task(key, run, lose, needs, demand)

    def run(self, *tasks: Task, workers: int = 2) -> Crew:
        crew = Crew(Board(tasks, {HERE.name: Capacity(workers, 1 << 30, workers)}), self.stop)
        crew.run()
        return crew


def fail(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_a_task_comes_after_all_that_it_needs() -> None:
    diary = Diary()
    diary.run(diary.task("c", "a", "b"), diary.task("b", "a"), diary.task("a"), workers=4)
    assert diary.done == ["a", "b", "c"]


@pytest.mark.parametrize("error", [UserError("bad"), InfrastructureError("bad")])
def test_a_task_that_fails_takes_its_dependents_and_nothing_else(error: BootmatrixError) -> None:
    diary = Diary()
    diary.run(
        diary.task("image", act=fail(error)),
        diary.task("build", "image"),
        diary.task("boot", "build", "other"),
        diary.task("other"),
        diary.task("other boot", "other"),
    )
    assert sorted(diary.done) == ["other", "other boot"]
    assert diary.lost == dict.fromkeys(["image", "build", "boot"], "bad")


@pytest.mark.parametrize("error", [ZeroDivisionError("oops"), SystemExit(2), KeyboardInterrupt("oops")])
def test_a_task_with_a_bug_is_lost_and_not_the_run(error: BaseException) -> None:
    diary = Diary()
    diary.run(diary.task("a", act=fail(error)), diary.task("b"))
    assert diary.done == ["b"]
    assert type(error).__name__ in diary.lost["a"]


def test_a_task_that_two_failures_lose_is_told_once() -> None:
    diary = Diary()
    broken = fail(UserError("bad"))
    diary.run(diary.task("a", act=broken), diary.task("b", act=broken), diary.task("c", "a", "b"))
    assert set(diary.lost) == {"a", "b", "c"}


def test_after_an_interruption_nothing_is_begun_and_the_rest_is_left() -> None:
    diary = Diary()
    crew = diary.run(diary.task("a", act=diary.stop.set), diary.task("b", "a"), diary.task("c"), workers=1)
    assert (diary.done, diary.lost) == (["a"], {})
    assert set(crew.board.waiting) == {"b", "c"}
    assert crew.fatal is None


def test_a_fatal_error_ends_the_run_and_blames_no_task() -> None:
    diary = Diary()
    crew = diary.run(diary.task("a", act=fail(Fatal("the disk is full"))), diary.task("b"), workers=1)
    assert (diary.done, diary.lost) == ([], {})
    assert str(crew.fatal) == "the disk is full"


def test_a_failure_that_cannot_be_told_ends_the_run() -> None:
    def mute(_error: BootmatrixError) -> None:
        raise Fatal("the disk is full")

    diary = Diary()
    untold = Task("a", fail(UserError("bad")), mute)
    crew = diary.run(untold, *(diary.task(str(number)) for number in range(8)), workers=1)
    assert str(crew.fatal) == "the disk is full"
    assert diary.lost == {}


def test_a_full_disk_ends_the_run_wherever_it_is_met() -> None:
    diary = Diary()
    full = OSError(errno.ENOSPC, "No space left on device", "/cache/x")
    crew = diary.run(diary.task("a", act=fail(full)), diary.task("b"), workers=1)
    assert (diary.done, diary.lost) == ([], {})
    assert "/cache/x cannot be written: No space left on device" in str(crew.fatal)
    assert "--resume" in str(crew.fatal)


def test_no_more_tasks_run_at_once_than_there_is_room_for() -> None:
    diary = Diary()
    running, most = threading.Semaphore(3), threading.Barrier(3)

    def act() -> None:
        assert running.acquire(blocking=False)
        most.wait(timeout=60)  # and no fewer, either
        running.release()

    diary.run(*(diary.task(str(number), act=act) for number in range(48)), workers=3)
    assert len(diary.done) == 48


def test_a_thing_of_which_there_is_one_is_used_by_one_at_a_time() -> None:
    diary = Diary()
    using = threading.Lock()

    def act() -> None:
        assert using.acquire(blocking=False)
        using.release()

    tap = Demand(names=frozenset({"tap0"}))
    diary.run(*(diary.task(str(number), act=act, demand=tap) for number in range(40)), workers=4)
    assert len(diary.done) == 40


def test_what_is_left_of_a_task_is_done_after_all_others_with_others_beside_it() -> None:
    diary = Diary()
    together = threading.Barrier(2)

    def meet() -> None:
        together.wait(timeout=60)

    def begin() -> Later:
        diary.done.append("begun")
        return Later(diary.task("rest", act=meet).act, 1.0)

    postponed = [replace(diary.task(f"late {number}"), act=begin) for number in range(2)]
    crew = diary.run(*postponed, *(diary.task(str(number)) for number in range(20)), workers=2)
    assert sorted(diary.done[:-2]) == sorted(["begun"] * 2 + [str(number) for number in range(20)])
    assert diary.done[-2:] == ["rest"] * 2
    assert (diary.lost, crew.board.waiting, crew.board.left) == ({}, {}, 0.0)


def test_the_rest_of_a_task_may_fail_as_any() -> None:
    diary = Diary()
    rest = Later(fail(InfrastructureError("gone")), 1.0)
    diary.run(replace(diary.task("a"), act=lambda: rest), diary.task("b"))
    assert (diary.done, diary.lost) == (["b"], {"a": "gone"})


def test_after_an_interruption_what_was_put_off_is_left() -> None:
    diary = Diary()
    rest = Later(fail(AssertionError("it was begun")), 1.0)
    postponed = replace(diary.task("a"), act=lambda: rest)
    crew = diary.run(postponed, diary.task("b", act=diary.stop.set), workers=1)
    assert (diary.done, diary.lost) == (["b"], {})
    assert set(crew.board.waiting) == {"a"}


def test_no_tasks_are_no_trouble() -> None:
    assert Diary().run().fatal is None
