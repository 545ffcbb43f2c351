"""Which job gets which slot of which box; nothing here is emulated."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bootmatrix.errors import InfrastructureError
from bootmatrix.model import MIB
from bootmatrix.places.boxes import machine, slot
from bootmatrix.places.boxes.lending import Copies
from bootmatrix.places.boxes.machines import Machines, needs
from bootmatrix.places.boxes.slot import Slot
from bootmatrix.places.place import Job
from bootmatrix.places.strain import Strain

if TYPE_CHECKING:
    from bootmatrix.places.boxes.frames import Frames
    from bootmatrix.places.boxes.machine import Machine
    from bootmatrix.places.containers.pool import Pool

SECONDS = 30.0


class Fit(Slot):
    """It suits any job."""

    def suits(self, image: str, job: Job) -> bool:
        del image, job
        return True


class Made:
    """What a machine is to those who hand out its slots."""

    alive = served = True
    worn = idle = closed = False

    def __init__(self, memory: int) -> None:
        self.memory, self.name, self.share = memory, "box", Path("/nowhere")
        self.copies = Copies(self.share)
        self.slots = [Fit(cast("slot.Host", self), number) for number in range(machine.SLOTS)]

    @property
    def left(self) -> int:
        return self.memory - sum(each.taken for each in self.slots)

    def close(self) -> None:
        self.closed, self.alive = True, False


class Engine:
    """One that answers."""

    def await_engine(self) -> None:
        pass


class Kept(Machines):
    """Each is begun when `may` lets it, and says so before."""

    def __init__(self, memory: int = 1024 * MIB) -> None:
        super().__init__("box", cast("Pool", Engine()), own_root=True)
        self.memory, self.may, self.asked = memory, threading.Event(), threading.Semaphore(0)
        self.begun: list[Made] = []

    def _begin(self, job: Job) -> Machine:
        del job
        self.asked.release()
        assert self.may.wait(SECONDS)
        self.begun.append(Made(self.memory))
        return cast("Machine", self.begun[-1])


def job(guest: int = 0) -> Job:
    return Job(("true",), "test", guest=guest)


def test_a_slot_that_becomes_free_is_had_while_another_machine_begins() -> None:
    kept = Kept()
    kept.may.set()
    slots = [kept.take("image", job()) for _ in range(machine.SLOTS)]
    kept.may.clear()
    with ThreadPoolExecutor(2) as threads:
        kept.asked.acquire()
        first = threads.submit(kept.take, "image", job())
        assert kept.asked.acquire(timeout=SECONDS), "that one begins another machine"
        second = threads.submit(kept.take, "image", job())
        kept.give_back(slots[0], clean=True)
        for _ in range(100):
            found = second.result(SECONDS)
            assert found is slots[0]
            kept.give_back(found, clean=True)
            second = threads.submit(kept.take, "image", job())
        second.result(SECONDS)
        assert not first.done()
        kept.may.set()
        assert first.result(SECONDS) in kept.begun[1].slots


def test_who_has_waited_longest_has_the_next_slot_that_becomes_free() -> None:
    """However many short boots come and go beside it, each at once where the one before was."""
    kept = Kept()
    kept.may.set()
    slots = [kept.take("image", job()) for _ in range(machine.SLOTS)]
    kept.asked.acquire()
    kept.may.clear()
    waiting, passed = threading.Event(), [0] * machine.SLOTS

    def boots(number: int, mine: Slot) -> None:
        while not waits.done():
            kept.give_back(mine, clean=True)
            mine = kept.take("image", job())
            passed[number] += waiting.is_set()
        kept.give_back(mine, clean=True)

    def wait() -> None:
        waiting.set()
        kept.give_back(kept.take("image", job()), clean=True)

    with ThreadPoolExecutor(2 + machine.SLOTS) as threads:
        begins = threads.submit(kept.take, "image", job())
        assert kept.asked.acquire(timeout=SECONDS), "so that who comes after it can begin none"
        waits = threads.submit(wait)
        assert waiting.wait(SECONDS)
        busy = [threads.submit(boots, number, each) for number, each in enumerate(slots)]
        waits.result(SECONDS)
        kept.may.set()
        assert begins.result(SECONDS)
        for each in busy:
            each.result(SECONDS)
    assert sum(passed) < 20 * machine.SLOTS, "and not some ten thousand"


def test_what_is_begun_for_a_job_is_that_jobs_however_many_others_wait() -> None:
    """Else those that need little would have it first, again and again."""
    large, small = 512 * MIB, 8
    kept = Kept(memory=needs(job(large)))
    with ThreadPoolExecutor(1 + small) as threads:
        first = threads.submit(kept.take, "image", job(large))
        assert kept.asked.acquire(timeout=SECONDS)
        others = [threads.submit(kept.take, "image", job()) for _ in range(small)]
        kept.may.set()
        assert first.result(SECONDS) is kept.begun[0].slots[0]
        assert all(each.result(SECONDS) not in kept.begun[0].slots for each in others)
    assert len(kept.begun) == 1 + small / machine.SLOTS


class Failing(Kept):
    """Those of these numbers cannot be begun."""

    def __init__(self, *bad: int) -> None:
        super().__init__(0)
        self.bad, self.count = bad, 0

    def _begin(self, job: Job) -> Machine:
        self.count += 1
        if self.count in self.bad:
            raise InfrastructureError(f"box {self.count} cannot be started")
        self.begun.append(Made(needs(job)))
        return cast("Machine", self.begun[-1])


def test_one_machine_may_fail_to_begin_before_one_serves() -> None:
    kept = Failing(1, 3, 5, 6)
    for number in (2, 4):
        assert kept.take("image", job()) in kept.begun[-1].slots
        assert kept.count == number
    with pytest.raises(InfrastructureError, match="box 6 cannot be started"):
        kept.take("image", job())
    assert kept.take("image", job()) in kept.begun[-1].slots


class Dying(Fit):
    """Its machine dies before it is fit, once two wait for that."""

    together = threading.Barrier(2)

    def suits(self, image: str, job: Job) -> bool:
        del image, job
        return False

    def fit(self, image: str, root: str, job: Job) -> None:
        del image, root, job
        self.together.wait(SECONDS)
        raise InfrastructureError("it died")


def test_all_who_waited_for_one_that_died_have_another() -> None:
    kept = Failing()
    dying = Made(4 * needs(job()))
    dying.served = False
    dying.slots = [Dying(cast("slot.Host", dying), number) for number in range(2)]
    kept._machines.append(cast("Machine", dying))  # noqa: SLF001
    with ThreadPoolExecutor(2) as threads:
        found = [threads.submit(kept.take, "image", job()) for _ in range(2)]
        assert {each.result(SECONDS).machine for each in found} == {cast("slot.Host", each) for each in kept.begun}
    assert dying.closed


def test_a_machine_that_was_begun_when_all_had_ended_is_ended() -> None:
    kept = Kept()
    with ThreadPoolExecutor(1) as threads:
        taken = threads.submit(kept.take, "image", job())
        assert kept.asked.acquire(timeout=SECONDS)
        kept.close()
        kept.may.set()
        with pytest.raises(InfrastructureError, match="the run ended while box was started"):
            taken.result(SECONDS)
    assert kept.begun[0].closed


class Silent:
    """A connection that says nothing, and counts how long it was listened to."""

    name, heard = "test", 0.0

    def line(self, seconds: float) -> str:
        self.heard += seconds
        raise InfrastructureError("it does not answer")


class Busy(Made):
    """A machine on a host where others have all processors from a time on."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.streams, self.share_waited = Silent(), share

    def strain(self) -> Strain:
        return Strain(0.0, self.streams.heard * self.share_waited)


@pytest.mark.parametrize(("waited", "seconds"), [(0.0, 10.0), (0.5, 20.0), (1.0, 60.0), (3.0, 60.0)])
def test_a_machine_that_others_keep_from_running_has_more_time(
    monkeypatch: pytest.MonkeyPatch, waited: float, seconds: float
) -> None:
    busy = Busy(waited)
    monkeypatch.setattr("time.monotonic", lambda: busy.streams.heard)
    monkeypatch.setattr(slot, "SOON", 0.0)
    found = busy.slots[0]
    found._streams = cast("Frames", busy.streams)  # noqa: SLF001
    with pytest.raises(InfrastructureError, match="does not answer"):
        found.line(10.0)
    assert busy.streams.heard == pytest.approx(seconds, abs=1.0)
