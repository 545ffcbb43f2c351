"""A sandbox is rendered twice, for the engine's API and as a command line: from inside the two must look the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support import run_job

from bootmatrix import host
from bootmatrix.model import MIB
from bootmatrix.places.containers import agents, engine
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.docker

# Each line is `KIND NAME VALUE`: what a process is, sees and may use.
LOOK = r"""
while read -r name value; do echo "status $name" $value; done </proc/self/status
sed 's/  */ /g; s/^/limit /; s/ \([^ ]*\) \([^ ]*\) [a-z]* $/ \1 \2/' /proc/self/limits
for file in kernel/shmmni kernel/shmmax kernel/msgmni kernel/sem fs/mqueue/queues_max kernel/hostname; do
    echo "sysctl $file" $(cat /proc/sys/$file)
done
for file in pids/pids.max memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes \
    pids.max memory.max memory.swap.max cpuset/cpuset.cpus cpu/cpu.cfs_quota_us; do
    [ -e /sys/fs/cgroup/$file ] && echo "cgroup $file" $(cat /sys/fs/cgroup/$file)
done
while read -r _ _ _ root point options rest; do
    echo "mount $point $root $options $rest"
done </proc/self/mountinfo
for name in /sys/class/net/*; do echo "network ${name##*/} $(cat $name/operstate)"; done
find /dev ! -type d ! -path '/dev/mqueue/*' ! -path '/dev/shm/*' -printf 'device %p %M %U %G %l\n'
tr '\0\n' '\n ' </proc/self/environ | sed 's/^/env /; s/=/ /'
for kind in cgroup ipc mnt net pid user uts; do echo "namespace $kind $(readlink /proc/self/ns/$kind)"; done
echo "folder work $PWD $(umask)"; echo "folder root $(touch /x 2>&1)"
ls -A /tmp /srv | sed 's/^/file /; s/$/ there/'
"""
# What one of the two has and the other has not in a boot, and why that is wanted; all else is a fault.
WANTED = {
    "mount /bootmatrix": "the folder of the agent, which a boot can neither list nor open anything in",
    "status NSpgid": "with the agent a boot is a session of its own",
    "status NSsid": "the same",
}
WANTED_OF_DOCKER = {
    "mount /etc/hosts": "the API's `network_disabled` leaves it out, for which the command line has no option",
    "mount /etc/resolv.conf": "the same",
}
MOMENT = re.compile(
    r"status (Vm\w+|Rss\w+|HugetlbPages|\w*ctxt_switches|State|FDSize|SigQ|Threads|Cpus_\w+|Mems_\w+"
    r"|Pid|PPid|Tgid|NSpid|NStgid)"
)
"""What /proc/PID/status says that is none of a sandbox."""
IDS = re.compile(r"[0-9a-f]{64}|[0-9a-f]{12}$")
# Podman's `volatile`: what a container that removes itself has written need not outlive this host
LAYERS = re.compile(r",fsync=volatile|(lowerdir|upperdir|workdir)=[^,\s]*|master:\d+|/volumes/\w+")


def seen(said: bytes) -> dict[str, str]:
    """By kind and name; the ids of containers and of mounts as one."""
    rows = (line.split(" ", 2) for line in said.decode().splitlines() if line.count(" ") >= 2)
    found = {f"{kind} {name.rstrip(':')}": LAYERS.sub("", IDS.sub("ID", value)) for kind, name, value in rows}
    found["status Groups"] = _others(found)
    return {key: _owned(value) for key, value in found.items() if not MOMENT.match(key)}


def _others(found: dict[str, str]) -> str:
    """The groups besides the user's own, which some engines name once more."""
    own = found["status Gid"].split()
    return " ".join(group for group in found.get("status Groups", "").split() if group not in own)


def _owned(value: str) -> str:
    """Of a namespace, whether it is this host's own."""
    if not (kind := re.fullmatch(r"(\w+):\[\d+\]", value)):
        return value
    return "this host's" if os.readlink(f"/proc/self/ns/{kind[1]}") == value else "its own"  # noqa: PTH115


def wanted() -> set[str]:
    return {*WANTED, *(() if engine.is_podman() else WANTED_OF_DOCKER)}


def different(place: ContainerPlace, job: Job) -> dict[str, tuple[str | None, str | None]]:
    """What the boot sees in one way, and then in the other."""
    if not shutil.which(engine.cli()[0]):
        pytest.skip(f"{engine.cli()[0]} is not on PATH")
    ended, ours, said = run_job(place, replace(job, argv=("/bin/sh", "-c", LOOK)))
    assert ended.status == 0, said
    (line,) = place.command_line(replace(job, argv=("/bin/sh", "-c", LOOK)))
    done = subprocess.run(line, shell=True, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    first, second = seen(ours), seen(done.stdout)
    assert len(first) > 60, "it looked at nothing"
    return {key: (first.get(key), second.get(key)) for key in {*first, *second} if first.get(key) != second.get(key)}


@pytest.fixture
def with_volume(container_place: ContainerPlace) -> Iterator[ContainerPlace]:
    """An image that declares a volume."""
    base = engine.client().create_container(container_place.image, command="true")["Id"]
    try:
        image = engine.client().commit(base, changes="VOLUME /srv")["Id"]
    finally:
        engine.remove(base)
    yield ContainerPlace(image, container_place.pool)
    container_place.pool.close()
    engine.client().remove_image(image, force=True)


JOBS = {
    "a boot": {},
    "a boot with limits": {"memory": 64 * MIB, "processes": 17, "scratch": MIB, "env": {"A": "b c\nd", "HOME": "/srv"}},
    "a boot elsewhere": {"workdir": "/usr"},
    "a build": {"trusted": True, "memory": 256 * MIB, "processes": 4096},
    "a build with a network": {"trusted": True, "network": True},
}


@pytest.mark.parametrize("name", JOBS)
def test_both_ways_give_a_job_the_same(container_place: ContainerPlace, tmp_path: Path, name: str) -> None:
    (tmp_path / "files").mkdir(mode=0o755)
    odd = "/opt/a b" if engine.is_podman() else "/opt/a, b"  # to the API of Podman 4 a comma begins an option
    mounts = [container_place.mount(tmp_path / "files", inside) for inside in ("/unikernels", odd)]
    mounts.append(container_place.mount(tmp_path / "files", "/src", writable=True))
    job = Job((), "test", mounts=tuple(mounts), **JOBS[name])  # type: ignore[arg-type]
    found = different(container_place, job)
    assert {key: both for key, both in found.items() if key not in wanted()} == {}


def test_each_difference_that_is_wanted_is_there(container_place: ContainerPlace) -> None:
    assert different(container_place, Job((), "test")).keys() == wanted()


def test_both_ways_seal_an_images_volumes(with_volume: ContainerPlace) -> None:
    found = different(with_volume, Job((), "test"))
    assert {key: both for key, both in found.items() if key not in wanted()} == {}


def test_both_ways_are_the_same_in_an_image_without_a_compiler(
    container_place: ContainerPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(agents, "COMPILE", "exit 127")
    found = different(container_place, Job((), "test"))
    assert {key: both for key, both in found.items() if key not in wanted()} == {}


@pytest.mark.skipif(not os.path.exists(host.KVM), reason="no /dev/kvm")  # noqa: PTH110  # asked once
def test_both_ways_hand_in_kvm(container_place: ContainerPlace) -> None:
    found = different(container_place, Job((), "test", devices=("kvm",)))
    assert {key: both for key, both in found.items() if key not in wanted()} == {}
