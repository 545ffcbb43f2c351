"""The order of tasks, without a clock: runs are simulated by taking and ending them."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from bootmatrix.errors import UserError
from bootmatrix.places.hosts import HERE
from bootmatrix.schedule.board import OVERTAKEN, Board
from bootmatrix.schedule.capacity import Capacity
from bootmatrix.schedule.task import ONE, Demand, Later, Task

if TYPE_CHECKING:
    from collections.abc import Iterable

MAKER = Demand(maker=True)


def task(key: str, seconds: float = 1.0, needs: Iterable[str] = (), demand: Demand = ONE, order: int = 0) -> Task:
    return Task(key, lambda: None, lambda _error: None, tuple(needs), demand, seconds, order)


def board(*tasks: Task, workers: int = 2, memory: int = 1000) -> Board:
    return Board(tasks, {HERE.name: Capacity(workers, memory, workers)})


def simulate(tasks: Iterable[Task], workers: int, memory: int = 1000) -> tuple[float, list[str]]:
    """The makespan in seconds, and the tasks in the order of their beginning."""
    plan = board(*tasks, workers=workers, memory=memory)
    now, begun, count = 0.0, [], itertools.count()
    running: list[tuple[float, int, Task]] = []
    while True:
        while next_ := plan.take():
            begun.append(next_.key)
            heapq.heappush(running, (now + next_.seconds, next(count), next_))
        if not running:
            return now, begun
        now, _, ended = heapq.heappop(running)
        assert list(plan.finished(ended)) == []


def test_the_longest_comes_first() -> None:
    lengths = {"short": 0.5, "longest": 60.0, "long": 20.0, "middle": 3.0}
    assert simulate([task(*item) for item in lengths.items()], 1)[1] == ["longest", "long", "middle", "short"]


def test_tasks_of_about_one_length_keep_the_order_of_the_report() -> None:
    tasks = [task(str(n), 0.01 + n % 7 / 50, order=n) for n in range(30)]
    assert simulate(reversed(tasks), 1)[1] == [str(n) for n in range(30)]


def test_a_boot_begins_as_soon_as_its_own_build_is_done() -> None:
    tasks = [task(f"build {n}", 2, demand=MAKER, order=n) for n in range(4)]
    tasks += [task(f"boot {n}", 0.2, [f"build {n}"], order=n) for n in range(4)]
    _, begun = simulate(tasks, 1)
    assert begun == [f"{kind} {n}" for n in range(4) for kind in ("build", "boot")]


@pytest.mark.parametrize(("build", "boot", "builds"), [(30, 2, 2), (2, 30, 1)])
def test_boots_and_builds_share_the_workers_while_both_are_ready(build: float, boot: float, builds: int) -> None:
    tasks = [task(f"build {n}", build, demand=MAKER) for n in range(4)]
    tasks += [task(f"boot {n}", boot) for n in range(8)]
    plan = board(*tasks, workers=4)
    kinds = [taken.key.split()[0] for _ in range(4) if (taken := plan.take())]
    assert (kinds.count("build"), kinds.count("boot")) == (builds, 4 - builds)


def test_all_workers_build_while_nothing_can_be_booted() -> None:
    tasks = [task(f"build {n}", 2, demand=MAKER) for n in range(4)]
    assert simulate(tasks, 4)[0] == 2


def test_a_chain_that_is_long_in_all_is_begun_before_a_task_that_is_longer_than_its_first() -> None:
    tasks = [task("a", 1), task("b", 50, ["a"]), task("c", 10)]
    assert simulate(tasks, 1)[1][0] == "a"


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@given(lengths=st.lists(st.floats(0.01, 60), min_size=1, max_size=60))
def test_the_makespan_is_within_grahams_bound(workers: int, lengths: list[float]) -> None:
    tasks = [task(str(n), seconds, order=n) for n, seconds in enumerate(lengths)]
    makespan, begun = simulate(tasks, workers)
    lower = max(sum(lengths) / workers, *lengths)
    assert sorted(begun, key=int) == [str(n) for n in range(len(lengths))]
    assert makespan <= lower * 2 - min(lengths) / workers + 1e-9


def test_a_mixed_plan_comes_within_a_tenth_of_the_best() -> None:
    lengths = [30, 20, 20, 12, 8, 8, 5, *[2] * 20, *[0.2] * 300]
    tasks = [task(str(n), seconds, order=n) for n, seconds in enumerate(lengths)]
    for workers in (2, 3, 4):
        assert simulate(tasks, workers)[0] <= 1.1 * sum(lengths) / workers


def test_memory_and_processors_are_never_given_twice() -> None:
    demands = [Demand(cpus=1 + n % 3, memory=n * 10) for n in range(20)]
    plan = board(*(task(str(n), demand=demand) for n, demand in enumerate(demands)), workers=4, memory=300)
    running: list[Task] = []
    while plan.waiting or running:
        while taken := plan.take():
            running.append(taken)
        assert sum(each.demand.cpus for each in running) <= 4
        assert sum(each.demand.memory for each in running) <= 300
        list(plan.finished(running.pop(0)))
    assert plan.hosts == {HERE.name: Capacity(4, 300, 4)}


def test_a_thing_of_which_there_is_one_is_given_to_one_task_at_a_time() -> None:
    tap, both = Demand(names=frozenset({"tap0"})), Demand(names=frozenset({"tap0", "tap1"}))
    plan = board(task("a", 3, demand=tap), task("b", 2, demand=both), task("c", 1), workers=4)
    first, second = plan.take(), plan.take()
    assert first
    assert second
    assert (first.key, second.key, plan.take()) == ("a", "c", None)
    list(plan.finished(first))
    third = plan.take()
    assert third
    assert third.key == "b"


def test_a_task_that_needs_the_whole_host_is_not_overtaken_for_ever() -> None:
    big = task("big", 60, demand=Demand(cpus=2))
    plan = board(task("longest", 100), big, *(task(f"small {n}") for n in range(10 * OVERTAKEN)))
    longest, running, begun = plan.take(), plan.take(), 0
    while running:
        assert running.key.startswith("small")
        begun += 1
        list(plan.finished(running))
        running = plan.take()
    assert begun == OVERTAKEN
    assert longest
    list(plan.finished(longest))
    assert plan.take() is big


def test_tasks_that_need_each_other_are_refused() -> None:
    with pytest.raises(UserError, match="circular dependency between tasks: a, b"):
        board(task("a", needs=["b"]), task("b", needs=["a"]), task("c"))


def test_what_is_left_is_told_in_seconds() -> None:
    plan = board(task("a", 5), task("b", 2), task("c", 1, ["b"]))
    assert plan.left == 8
    assert plan.take()
    assert plan.left == 3
    second = plan.take()
    assert second
    assert [lost.key for lost in plan.finished(second, UserError("bad"))] == ["c"]
    assert plan.left == 0


def begun(plan: Board) -> Task:
    found = plan.take()
    assert found
    return found


def test_what_is_put_off_waits_until_all_others_have_begun() -> None:
    plan = board(task("long", 9), task("short", 1), task("shorter", 0.5), workers=1)
    first = begun(plan)
    plan.postpone(first, Later(lambda: None, 20.0))
    assert (plan.left, plan.postponed) == (21.5, {"long"})
    for name in ("short", "shorter"):
        other = begun(plan)
        assert other.key == name
        assert list(plan.finished(other)) == []
    again = begun(plan)
    assert (again.key, again.seconds, again.act is first.act) == ("long", 20.0, False)
    assert list(plan.finished(again)) == []
    assert (plan.left, plan.waiting, plan.hosts[HERE.name].cpus) == (0.0, {}, 1)


def test_it_waits_for_one_for_which_there_is_no_room_too() -> None:
    tap = Demand(names=frozenset({"tap0"}))
    plan = board(task("a", 9), task("b", 5, demand=tap), task("c", 4, demand=tap), task("d", 1))
    late = begun(plan)
    using = begun(plan)
    plan.postpone(late, Later(lambda: None, 9.0))
    assert begun(plan).key == "d"
    list(plan.finished(task("d", 1)))
    assert plan.take() is None  # a slot is free, but "c" has not begun
    assert list(plan.finished(using)) == []
    assert (begun(plan).key, begun(plan).key) == ("c", "a")


def test_of_those_that_were_put_off_the_longest_is_first() -> None:
    plan = board(*(task(name, 5, order=number) for number, name in enumerate("abc")), workers=3)
    for seconds, each in zip((5, 40, 20), [begun(plan) for _ in range(3)], strict=True):
        plan.postpone(each, Later(lambda: None, seconds))
    assert [begun(plan).key for _ in range(3)] == ["b", "c", "a"]


def test_what_a_maker_left_does_not_count_as_being_made() -> None:
    plan = board(task("build", 5, demand=MAKER), task("boot", 5, ["build"]))
    plan.postpone(begun(plan), Later(lambda: None, 5.0))
    assert plan.take() is None  # "boot" waits for it


def test_a_task_that_comes_after_another_waits_for_it_and_is_not_lost_with_it() -> None:
    after = replace(task("boot", 5, ["mine"]), after=("partners",))
    plan = board(task("mine"), task("partners", 3), after, task("partner", 4, ["partners"]))
    theirs, mine = begun(plan), begun(plan)
    assert (theirs.key, mine.key) == ("partners", "mine")
    assert list(plan.finished(mine)) == []
    assert plan.take() is None
    assert [lost.key for lost in plan.finished(theirs, UserError("bad"))] == ["partner"]
    assert (begun(plan).key, plan.waiting) == ("boot", {})


def test_what_comes_after_a_long_one_makes_that_urgent() -> None:
    last = replace(task("last", 9), after=("short",))
    assert simulate([task("long", 5), task("short", 1), last], 1)[1] == ["short", "last", "long"]


def on(host: str, key: str, **more: int) -> Task:
    return task(key, demand=Demand(host=host, **more))  # type: ignore[arg-type]


def hosts(**cpus: int) -> dict[str, Capacity]:
    return {name: Capacity(count, 1000, count) for name, count in cpus.items()}


def taken(plan: Board) -> list[str]:
    return [found.key for found in iter(plan.take, None)]


def test_each_host_has_its_own_capacity() -> None:
    plan = Board([on("a", "a1"), on("a", "a2"), on("b", "b1"), on("b", "b2")], hosts(a=1, b=2))
    assert plan.slots == 3
    assert taken(plan) == ["a1", "b1", "b2"]


@pytest.mark.parametrize("more", [{"memory": 600}, {"kvm": 2}, {"names": frozenset({"tap"})}])
def test_what_one_host_has_not_got_another_may_have(more: dict[str, int]) -> None:
    plan = Board([on(host, f"{host}{n}", **more) for host in "ab" for n in (1, 2)], hosts(a=2, b=2))
    assert taken(plan) == ["a1", "b1"]


def test_what_a_task_used_is_given_back_to_its_host() -> None:
    tasks = {key: on(key[0], key) for key in ("a1", "a2", "b1")}
    plan = Board(tasks.values(), hosts(a=1, b=1))
    assert taken(plan) == ["a1", "b1"]
    assert list(plan.finished(tasks["b1"])) == []
    assert taken(plan) == []
    assert list(plan.finished(tasks["a1"])) == []
    assert taken(plan) == ["a2"]


def test_a_task_that_its_host_waits_for_holds_up_no_other_host() -> None:
    """One that never ends keeps a slot from the large one."""
    forever, large = (task(key, 100.0, demand=Demand(cpus, host="a")) for key, cpus in (("forever", 1), ("large", 2)))
    small = [on(host, f"{host}{number}") for host in "ab" for number in range(2 * OVERTAKEN)]
    plan = Board([forever, *small], hosts(a=2, b=1))
    assert next(iter(plan.take, None)) is forever
    plan = Board([large, *small], {**plan.hosts})
    begun, running = [], list(iter(plan.take, None))
    while running:
        begun.append(running.pop(0))
        assert list(plan.finished(begun[-1])) == []
        running += iter(plan.take, None)
    counts = Counter(ended.demand.host for ended in begun)
    assert counts["a"] == OVERTAKEN, "then the large one is waited for"
    assert counts["b"] == 2 * OVERTAKEN
    assert next(iter(plan.waiting)) == "large"


def test_makers_of_one_host_hold_up_no_boots_of_another() -> None:
    makers = [task(f"make {n}", 60.0, demand=Demand(maker=True, host="a")) for n in range(4)]
    plan = Board([*makers, *(on("b", f"b{n}") for n in range(4))], hosts(a=4, b=2))
    assert sorted(taken(plan)) == ["b0", "b1", "make 0", "make 1", "make 2", "make 3"]
