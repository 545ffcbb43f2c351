"""The sandbox of a boot: what an untrusted unikernel's tender could do if it broke out of its guest."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest
from support import read, run_job

from bootmatrix import host
from bootmatrix.errors import InfrastructureError
from bootmatrix.model import MIB
from bootmatrix.places.containers import engine, settings
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from bootmatrix.places.containers.pool import Pool

pytestmark = pytest.mark.docker


@pytest.fixture
def place(container_place: ContainerPlace) -> ContainerPlace:
    return container_place


def said(place: ContainerPlace, script: str, **more: object) -> str:
    _, console, tender = run_job(place, Job(("sh", "-c", script), "test", **more))  # type: ignore[arg-type]
    return (console + tender).decode()


def test_a_boot_has_no_right_at_all(place: ContainerPlace) -> None:
    status = said(place, "cat /proc/self/status; id -u")
    assert "CapEff:\t0000000000000000" in status
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert not status.endswith("\n0\n")


def test_a_boot_has_no_network(place: ContainerPlace) -> None:
    assert said(place, "ls /sys/class/net").split() == ["lo"]


def test_a_boot_writes_to_its_scratch_folder_only(place: ContainerPlace) -> None:
    assert "Read-only" in said(place, "touch /etc/x")
    assert "No space left" in said(place, "head -c 70000000 /dev/zero > /tmp/x")


def test_a_boot_sees_kvm_only_where_it_uses_it(place: ContainerPlace) -> None:
    assert "No such file" in said(place, "ls /dev/kvm")
    if not host.kvm_trouble():
        assert said(place, "exec 3<>/dev/kvm && echo opened", devices=("kvm",)) == "opened\n"


def test_a_fork_bomb_is_bounded(place: ContainerPlace) -> None:
    text = said(place, "for i in $(seq 100); do sleep 5 & done; echo $(ls -d /proc/[0-9]* | wc -l)", processes=32)
    assert "fork" in text.lower()


def test_lack_of_memory_is_told_from_a_kill(place: ContainerPlace) -> None:
    job = Job(("sh", "-c", "exec tail /dev/zero"), "test", memory=32 * MIB)
    ended, _, _ = run_job(place, job)
    assert (ended.signal, ended.out_of_memory) == ("SIGKILL", True)


def test_builds_run_as_the_caller(place: ContainerPlace) -> None:
    assert said(place, "id -u; id -g", trusted=True).split() == [str(os.getuid()), str(os.getgid())]


def containers(place: ContainerPlace) -> list[str]:
    label = f"{settings.LABEL}={place.pool.run}"
    return [found["Id"] for found in engine.client().containers(all=True, filters={"label": label})]


def test_no_container_is_left(place: ContainerPlace) -> None:
    def boom() -> None:
        raise ZeroDivisionError

    with contextlib.suppress(ZeroDivisionError), place.start(Job(("sleep", "60"), "test")):
        boom()
    assert containers(place) == []


def test_an_image_that_is_not_there_is_named(pool: Pool) -> None:
    place = ContainerPlace("bootmatrix/no-such-image:none", pool)
    with pytest.raises(InfrastructureError, match="no-such-image"), place.start(Job(("true",), "test")):
        pass


def test_a_container_removed_from_outside_is_the_infrastructures_failure(place: ContainerPlace) -> None:
    def removed_underway() -> None:
        with place.start(Job(("sh", "-c", "echo ready; sleep 60"), "test")) as process:
            assert read(process)[1] == b"ready\n"
            (mine,) = containers(place)
            engine.client().remove_container(mine, force=True)
            read(process)

    with pytest.raises(InfrastructureError, match="container of test was ended from outside"):
        removed_underway()
    assert said(place, "echo the next one").strip() == "the next one"
