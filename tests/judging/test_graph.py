from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bootmatrix import graph
from bootmatrix.errors import BootmatrixError, InfrastructureError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Diary:
    """What became of the tasks."""

    done: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def task(self, key: str, *needs: str, act: Callable[[], None] = lambda: None) -> graph.Task:
        def run() -> None:
            act()
            self.done.append(key)

        def lose(error: BootmatrixError) -> None:
            assert key not in self.lost
            self.lost[key] = str(error)

        return graph.Task(key, needs, run, lose)

    def run(self, *tasks: graph.Task, workers: int = 2) -> None:
        graph.run(tasks, workers, self.stop)


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


def test_after_an_interruption_nothing_is_begun_and_everything_told() -> None:
    diary = Diary()
    diary.run(diary.task("a", act=diary.stop.set), diary.task("b", "a"), diary.task("c"), workers=1)
    assert diary.done == ["a"]
    assert set(diary.lost) == {"b", "c"}


def test_no_more_tasks_run_at_once_than_there_are_workers() -> None:
    diary = Diary()
    running = threading.Semaphore(2)

    def act() -> None:
        assert running.acquire(blocking=False)
        running.release()

    diary.run(*(diary.task(str(number), act=act) for number in range(50)), workers=2)
    assert len(diary.done) == 50


def test_no_tasks_are_no_trouble() -> None:
    graph.run([], 2, threading.Event())
