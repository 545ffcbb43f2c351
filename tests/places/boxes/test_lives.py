"""Boxes that die, hang or are full: none costs the jobs of another, and nothing grows."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

import psutil
import pytest
from places.boxes.boxed import RUN, machine, shell
from places.test_stillness import followed
from support import read, run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.boxes import slot
from bootmatrix.places.boxes.machine import Machine
from bootmatrix.places.boxes.machines import Machines
from bootmatrix.places.boxes.place import BoxPlace
from bootmatrix.places.containers import engine
from bootmatrix.places.place import Exit

if TYPE_CHECKING:
    from bootmatrix.places.place import Process

pytestmark = pytest.mark.docker


def emulator(place: BoxPlace) -> psutil.Process:
    """Its process on this host."""
    return emulator_of(machine(place))


def emulator_of(known: Machine) -> psutil.Process:
    """That whose container sees the machine's folder."""
    inside = engine.client().containers(filters={"label": f"bootmatrix.run={RUN}"})
    for each in inside:
        found = engine.client().inspect_container(each["Id"])
        if any(str(mount["Source"]).startswith(f"{known.folder}/") for mount in found["Mounts"]):
            family = psutil.Process(int(found["State"]["Pid"])).children(recursive=True)
            return next(one for one in family if one.name().startswith("qemu-system"))
    pytest.fail(f"no container of {known.folder}")


def test_a_run_has_boxes_of_several_kinds_beside_each_other(place: BoxPlace) -> None:
    first = machine(place)
    with contextlib.closing(Machines(place.machines.box, place.machines.pool)) as others:
        second = machine(BoxPlace("box-kvm", place.image, others))
        assert first.folder != second.folder
        assert first.alive
        assert second.alive


def test_nothing_grows(place: BoxPlace) -> None:
    """Neither here nor in the machine, whatever its jobs print, leave and are lent."""
    boot = shell("head -c 100000 /dev/zero; touch /tmp/left; exec grep -c . /proc/mounts")
    run_job(place, boot)
    kept = machine(place)
    share = sorted(each.relative_to(kept.share) for each in kept.share.rglob("*"))
    descriptors = psutil.Process().num_fds(), emulator(place).num_fds()
    ends = {run_job(place, boot)[1][-4:] for _ in range(15)}
    assert len(ends) == 1
    assert machine(place) is kept
    assert sorted(each.relative_to(kept.share) for each in kept.share.rglob("*")) == share
    assert psutil.Process().num_fds() < descriptors[0] + 10, "the engine's connections are not counted"
    assert emulator(place).num_fds() < descriptors[1] + 10


def test_a_box_that_dies_is_replaced_and_its_jobs_are_infrastructures_failures(place: BoxPlace) -> None:
    lost = machine(place)
    with contextlib.ExitStack() as stack:
        jobs: list[Process] = [stack.enter_context(place.start(shell("echo on; exec sleep 1000"))) for _ in range(3)]
        assert [read(each) for each in jobs] == [("console", b"on\n")] * 3
        emulator_of(lost).kill()
        for each in jobs:
            with pytest.raises(InfrastructureError, match="the box of test"):
                read(each)
    assert run_job(place, shell("echo again"))[1] == b"again\n"
    assert machine(place) is not lost
    assert not lost.folder.exists()


def test_a_job_whose_box_stood_still_has_all_of_its_time(place: BoxPlace) -> None:
    """It is not told to have hung: the emulator was stopped, or waited for the host's disk."""
    stopped = emulator(place)
    with place.start(shell("echo on; sleep 1; echo SUCCESS")) as process:
        assert read(process) == ("console", b"on\n")
        stopped.suspend()
        try:
            assert followed(process, stopped.resume).exit == Exit(0)
        finally:
            stopped.resume()


def test_a_box_that_died_unnoticed_costs_no_job(place: BoxPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its emulator is gone, and the engine has not told yet."""
    lost = machine(place)
    monkeypatch.setattr(Machine, "alive", property(lambda self: not self.closed))
    ended = emulator_of(lost)
    ended.kill()
    ended.wait(60)
    assert run_job(place, shell("echo again"))[1] == b"again\n"
    assert not lost.folder.exists()


def test_a_place_that_cannot_be_costs_no_other_job_its_box(place: BoxPlace) -> None:
    with place.start(shell("echo on; read line; echo $line", reads=True)) as process:
        assert read(process) == ("console", b"on\n")
        known = process.container.machine  # type: ignore[attr-defined]
        for _ in range(len(known.slots)):
            with pytest.raises(InfrastructureError, match="has no place for test: its root: No such file"):
                run_job(place, shell("true", workdir="/nowhere"))
        process.write(b"still\n")
        assert read(process) == ("console", b"still\n")
    assert known.worn
    assert run_job(place, shell("echo well"))[1] == b"well\n", "in another one, should it be the box"
    assert known.closed
    assert not known.folder.exists()


def test_a_box_that_hangs_is_replaced(place: BoxPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "KILLED_SECONDS", 0.5)
    lost = machine(place)
    with place.start(shell("echo on; exec sleep 1000")) as process:
        assert read(process) == ("console", b"on\n")
        emulator_of(lost).send_signal(signal.SIGSTOP)
        with pytest.raises(InfrastructureError, match="does not answer"):
            process.kill()
    monkeypatch.undo()
    assert run_job(place, shell("echo again"))[1] == b"again\n"
    assert not lost.folder.exists()
