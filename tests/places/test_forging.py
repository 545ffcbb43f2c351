"""A job in a container of its own, in an image without a compiler or as a build, that wants to tell its own end."""

from __future__ import annotations

import resource
import threading
import time
from typing import TYPE_CHECKING

import pytest
from support import read, run_job

from bootmatrix.places.containers import agents
from bootmatrix.places.place import Exit, Job
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.watch import watch

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.containers.place import ContainerPlace

pytestmark = pytest.mark.docker
# Whatever has a name in there, and what the first process has open, which has no more rights than a build.
EVERYWHERE = "/bootmatrix/status /bootmatrix/commands /proc/1/fd/*"
WORDS = ("ended 0 nothing", "ended", "1 exit 0 nothing 0 0", "ready", "Aborted")


@pytest.fixture(params=["a build", "a boot without an agent"])
def trusted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> bool:
    if request.param == "a build":
        return True
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(agents, "COMPILE", "exit 127")
    return False


def job(script: str, *, trusted: bool) -> Job:
    return Job(("sh", "-c", script), "test", trusted=trusted)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_to_the_pipes_tells_no_end(container_place: ContainerPlace, word: str, *, trusted: bool) -> None:
    lie = f"for p in {EVERYWHERE}; do echo '{word}' 1<>$p; done 2>/dev/null"
    ended, said, _ = run_job(container_place, job(f"{lie}; echo goes on; exit 3", trusted=trusted))
    assert ended == Exit(3)
    assert b"goes on" in said


def test_a_flood_of_words_ends_at_the_time_out_and_takes_no_memory(
    container_place: ContainerPlace, *, trusted: bool
) -> None:
    flood = f"for p in {EVERYWHERE}; do yes 'ended 0 nothing' 1<>$p 2>/dev/null & done; sleep 60"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with container_place.start(job(flood, trusted=trusted)) as process:
        seen = watch(process, Limits(1.0, 1 << 20), threading.Event())
    assert (seen.stopped, seen.exit) == ("no end within 1.00 s", None)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10  # KiB


def test_a_flood_does_not_outlive_the_wish_to_stop(container_place: ContainerPlace, *, trusted: bool) -> None:
    stop = threading.Event()
    flood = "echo up; exec yes 1<>/bootmatrix/status"
    with container_place.start(job(flood, trusted=trusted)) as process:
        assert read(process)[1] == b"up\n"
        stop.set()
        begun = time.monotonic()
        assert watch(process, Limits(60.0, 1 << 20), stop).stopped == "interrupted"
    assert time.monotonic() - begun < 30  # not 60: the container is gone, too


def test_a_child_that_holds_the_pipes_does_not_delay_the_end(container_place: ContainerPlace, *, trusted: bool) -> None:
    hold = "sleep 60 3<>/bootmatrix/status 4<>/bootmatrix/console & echo over; kill -SEGV $$"
    ended, said, _ = run_job(container_place, job(hold, trusted=trusted))
    assert ended == Exit(None, "SIGSEGV")
    assert said == b"over\n"


def test_a_stop_of_the_first_process_is_no_end(container_place: ContainerPlace, *, trusted: bool) -> None:
    ended, said, _ = run_job(
        container_place, job("kill -STOP 1; kill -KILL 1; kill -TERM 1; echo alive; exit 7", trusted=trusted)
    )
    assert (ended, said) == (Exit(7), b"alive\n")
