"""A container or a box that stands still while a job runs in it: what the job lost so is told, and costs it nothing."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from places.boxes.boxed import shell
from support import read

from bootmatrix.errors import InfrastructureError
from bootmatrix.places import stillness
from bootmatrix.places.containers import engine, pauses
from bootmatrix.places.place import CONSOLE, Exit, Process
from bootmatrix.places.usage import Had
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.watch import Watched, watch
from bootmatrix.watching.witness import Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.containers.place import ContainerPlace
    from bootmatrix.places.place import Job

TIMEOUT = 2.0  # seconds that a job has
STILL = 4.0  # seconds for which it stands still, so that it would be late
SLOW = "echo on; sleep 1; echo SUCCESS"
HANGS = "echo on; exec sleep 1000"


class Waking(Witness):
    """Lets it go on when it has long been late."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake, self.until, self.woken = wake, time.monotonic() + STILL, False

    def tick(self, moment: Moment) -> None:
        del moment
        if not self.woken and time.monotonic() > self.until:
            self.woken = True
            self.wake()


def followed(process: Process, wake: Callable[[], object]) -> Watched:
    waking = Waking(wake)
    seen = watch(process, Limits(TIMEOUT, 1000), threading.Event(), also=[waking])
    assert waking.woken
    return seen


def container_of(process: Process) -> str:
    found: str = process.container.id  # type: ignore[attr-defined]
    return found


def pause(container: str) -> Callable[[], object]:
    engine.client().pause(container)
    return lambda: engine.client().unpause(container)


def stop(container: str) -> Callable[[], object]:
    """Its first process alone: the job goes on, and nobody tells of its end."""
    engine.client().kill(container, "SIGSTOP")
    return lambda: engine.client().kill(container, "SIGCONT")


@pytest.fixture(params=["kept", "single"])
def job(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Job]:
    """In a container that is kept, or in one that runs a single job, as builds do."""
    monkeypatch.setattr(pauses, "EVERY", 0.2)
    return lambda script: shell(script, trusted=request.param == "single")


@pytest.mark.docker
@pytest.mark.parametrize("script", [SLOW, HANGS])
def test_a_job_whose_container_was_paused_has_all_of_its_time(
    container_place: ContainerPlace, job: Callable[[str], Job], script: str
) -> None:
    with container_place.start(job(script)) as process:
        assert read(process) == (CONSOLE, b"on\n")
        seen = followed(process, pause(container_of(process)))
    assert seen.seconds > STILL
    assert seen.stood > STILL - TIMEOUT
    if script == HANGS:
        assert (seen.stopped, seen.exit) == ("no end within 2.00 s", None)
    else:
        assert (seen.stopped, seen.exit) == ("", Exit(0))


@pytest.mark.docker
def test_a_container_that_is_paused_before_its_job_begins(container_place: ContainerPlace) -> None:
    with container_place.start(shell("echo on")) as process:
        assert read(process) == (CONSOLE, b"on\n")
        known = container_of(process)
        assert read(process)[0] == "end"
    wake = pause(known)
    with container_place.start(shell(SLOW)) as process:
        assert container_of(process) == known
        assert followed(process, wake).exit == Exit(0)


@pytest.mark.docker
def test_a_container_whose_agent_is_stopped(container_place: ContainerPlace) -> None:
    with container_place.start(shell(SLOW)) as process:
        assert read(process) == (CONSOLE, b"on\n")
        assert followed(process, stop(container_of(process))).exit == Exit(0)


@pytest.mark.docker
def test_a_container_that_stays_paused_is_the_infrastructures_failure_and_is_gone(
    container_place: ContainerPlace, job: Callable[[str], Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stillness, "PATIENCE", 0.5)
    with container_place.start(job(SLOW)) as process:
        assert read(process) == (CONSOLE, b"on\n")
        known = container_of(process)
        pause(known)
        with pytest.raises(InfrastructureError, match="what runs test stands still"):
            watch(process, Limits(0.5, 1000), threading.Event())
    assert not any(each["Id"] == known for each in engine.client().containers(all=True))


@pytest.mark.docker
def test_a_job_whose_container_runs_lost_nothing(container_place: ContainerPlace, job: Callable[[str], Job]) -> None:
    with container_place.start(job(HANGS)) as process:
        assert read(process) == (CONSOLE, b"on\n")
        end = time.monotonic() + 60
        while (found := process.stood()) is None:
            assert time.monotonic() < end
        assert found == stillness.NONE
        seen = watch(process, Limits(TIMEOUT, 1000), threading.Event())
    assert (seen.is_for(StopKind.TIMEOUT), seen.stood) == (True, 0)


def test_what_is_lost_anywhere_is_no_stillness() -> None:
    answers = [None, Had(0.3, 0.3), Had(0.3, 0.2)]
    asked: list[float] = []
    question = stillness.Question("test", lambda: asked.append(1), lambda _seconds: answers.pop(0))
    now = time.monotonic()
    assert question.answer(now) is None
    assert question.answer(now) == stillness.NONE
    assert len(asked) == 1
    found = question.answer(now - 100)
    assert found
    assert found.seconds == pytest.approx(99.7, abs=1)
    assert found.until == pytest.approx(now, abs=1)
    assert len(asked) == 2
