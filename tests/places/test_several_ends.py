"""The host ends of a job on several networks: warmed up with it, gone with it, and as many as there may be."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import psutil
import pytest
from networked import attached, interface, program, running
from places.several import BOTH, containers, idle, net, reached, router, state

from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from bootmatrix.places.containers.place import ContainerPlace


@pytest.mark.docker
def test_the_containers_of_all_host_ends_are_warmed_up(container_place: ContainerPlace) -> None:
    program()
    if trouble := container_place.lacks(idle()):
        pytest.skip(trouble)
    container_place.warm_up(idle())
    first = containers(container_place)
    assert len(first) == 3
    with running(container_place, idle()) as process:
        attached(process)
    assert containers(container_place) == first


def test_no_descriptor_and_no_process_is_left() -> None:
    place = LocalPlace()
    if trouble := place.lacks(Job((), "test", interfaces=BOTH)):
        pytest.skip(trouble)

    def boot() -> int:
        with running(place, router(place)) as process:
            homes = [int(each.home) for each in (attached(process), *process.ends.values())]
            assert len(set(homes)) == 3
        for home in homes:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(home).wait(20)
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # a count

    boot()
    assert boot() == boot()


def test_a_job_on_as_many_networks_as_there_may_be_can_be_looked_at() -> None:
    place = LocalPlace()
    if trouble := place.lacks(Job((), "test", interfaces=BOTH)):
        pytest.skip(trouble)
    many = tuple(
        interface(
            net(f"n{n}", f"10.0.{n}.1/24", f"10.1.{n}.0/24", f"10.0.{n}.2"),
            f"tap{n}",
            f"10.0.{n}.2/24",
            f"02:00:00:00:00:{n:02x}",
        )
        for n in range(16)
    )
    with running(place, idle(many)) as process:
        links = [one for one in state(attached(process)) if one[0] == "link"]
        assert len(process.ends) == 16
        assert reached(process.ends["n15"], "10.0.15.1", 20)
    assert len(links) == 1 + 3 * 16
