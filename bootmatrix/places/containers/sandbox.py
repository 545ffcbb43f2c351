"""What the processes of a job in a container are, see and may use: one value, however the container is started."""

from __future__ import annotations

import functools
import os
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix.places import devices, disks
from bootmatrix.places.containers import engine
from bootmatrix.places.nodes import NOBODY
from bootmatrix.places.place import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.places.devices import Device
    from bootmatrix.places.place import Job, Mount

# QEMU takes a TMPDIR of /tmp for none, and would put its temporary disks into /var/tmp, which is read-only.
ENV = {"HOME": SCRATCH, "TMPDIR": f"{SCRATCH}/.", "LANG": "C.UTF-8"}
# Nothing of a boot can stay in the kernel for the next: no System V memory, semaphores or queues, no POSIX queues.
NO_IPC = {"kernel.shmmni": "0", "kernel.msgmni": "0", "kernel.sem": "250 32000 32 0", "fs.mqueue.queues_max": "0"}

# Root inside, as its first process is, may make sockets for pings. A new namespace would route and filter packets as
# this host does.
NETWORKS = {
    "net.ipv4.ping_group_range": "0 0",
    "net.ipv4.tcp_no_metrics_save": "1",
    "net.ipv4.ip_forward": "0",
    "net.ipv4.conf.all.arp_filter": "1",  # of whom nothing leads to no neighbour is made: this host has a table for all
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
}


@dataclass(frozen=True)
class Sandbox:
    """All that a container of `image` is asked to be, but its command line.

    `user` is `UID:GID`; `capabilities` are what it keeps, without `CAP_`; `tmpfs` has options by folder, `limits` the
    resource limits of each process, `sysctls` the kernel's settings in its namespaces. `memory` in bytes, 0 for no
    limit. `network` and `ipc` are `none`, or empty for the engine's own.
    """

    image: str
    user: str
    workdir: str
    env: Mapping[str, str]
    mounts: tuple[Mount, ...]
    tmpfs: Mapping[str, str]
    devices: tuple[Device, ...]
    limits: Mapping[str, int]
    memory: int
    processes: int
    network: str
    ipc: str
    sysctls: Mapping[str, str]
    read_only: bool
    capabilities: tuple[str, ...] = ()

    @property
    def wired(self) -> bool:
        """Whether it has a network of its own that its first process must be able to change."""
        return self.network == "none" and NETWORKS.keys() <= self.sysctls.keys()

    @property
    def groups(self) -> tuple[int, ...]:
        """Those besides its user's own."""
        return tuple(sorted({device.group for device in self.devices} - {0}))


def of(image: str, job: Job) -> Sandbox:
    """A boot has no right at all, and leaves nothing; a build may write to its root and use what IPC there is.

    Raises InfrastructureError if no engine answers.
    """
    boot, wired = not job.trusted, bool(job.interfaces) and not job.stands_in
    return Sandbox(
        image=image,
        user=_user(job),
        workdir=job.workdir,
        env={**ENV, **job.env},
        mounts=job.mounts,
        tmpfs={SCRATCH: _scratch(job), **(_sealed(image) if boot else {})},
        devices=tuple(map(devices.of, job.needed)),
        limits=limits(job),
        memory=job.memory,
        processes=job.processes,
        network="" if job.network else f"container:{job.stands_in.home}" if job.stands_in else "none",
        ipc="none" if boot else "",
        sysctls={**(NO_IPC if boot else {}), **(_for_networks() if wired else {})},
        read_only=boot,
    )


def _user(job: Job) -> str:
    """Builds run as the caller, so that their files are the caller's; boots without any right, and with a network as
    the one to whom an agent gives the taps.
    """
    if job.interfaces:
        return f"{NOBODY}:{NOBODY}"
    if engine.is_rootless():
        return "0:0"  # which is the caller outside
    uid, gid = os.getuid(), os.getgid()
    return f"{NOBODY}:{NOBODY}" if uid == 0 and not job.trusted else f"{uid}:{gid}"


def limits(job: Job) -> dict[str, int]:
    """Resource limits, never above our own: an engine without the right to raise them would refuse (Podman does)."""
    allowed = _allowed(resource.RLIMIT_NOFILE, 1 << 16 if job.trusted else 1 << 10)
    # As many as this kernel has: this limit counts those of all containers together, `processes` holds each of them
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    found = {"nofile": allowed, "nproc": _allowed(resource.RLIMIT_NPROC, most), "core": 0}
    if largest := disks.limit(job.disks):  # a job may write to its disks, and not make them longer
        found["fsize"] = _allowed(resource.RLIMIT_FSIZE, largest)
    return found


def _allowed(limit: int, wanted: int) -> int:
    own = resource.getrlimit(limit)[1]
    return wanted if own == resource.RLIM_INFINITY else min(wanted, own)


def _for_networks() -> dict[str, str]:
    """For the network of a boot: a guest's routers and what TCP learnt of a guest are nothing to the next."""
    without_ipv6 = {f"net.ipv6.conf.{name}.disable_ipv6": "1" for name in ("all", "default")}
    return {**NETWORKS, **(without_ipv6 if Path("/proc/sys/net/ipv6").is_dir() else {})}


@functools.cache
def _sealed(image: str) -> dict[str, str]:
    """The volumes that an image declares, as empty folders that take nothing: what a boot writes to one would last."""
    declared = ((engine.image(image) or {}).get("Config") or {}).get("Volumes") or {}
    return {str(place): "ro,noexec,nosuid,nodev,size=4k" for place in declared if str(place) != SCRATCH}


def _scratch(job: Job) -> str:
    size = "" if job.trusted else f",size={job.scratch}"
    return f"rw,exec,nosuid,nodev,mode=1777{size}"
