"""What an engine is asked for, for a job: its API's arguments, and the same as a command line for people."""

from __future__ import annotations

import functools
import os
import resource
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootmatrix import host
from bootmatrix.places import engine
from bootmatrix.places.place import SCRATCH, Job, Mount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docker.types import Mount as Bind

NOBODY = 65534
LABEL = "bootmatrix.run"
# QEMU takes a TMPDIR of /tmp for none, and would put its temporary disks into /var/tmp, which is read-only.
ENV = {"HOME": SCRATCH, "TMPDIR": f"{SCRATCH}/.", "LANG": "C.UTF-8"}
RIGHTLESS = ("--cap-drop=ALL", "--security-opt=no-new-privileges")
# A shell as the first process: a tender that is process 1 itself would be immune to its own abort().
FIRST = ("sh", "-c", '"$@"; exit $?', "sh")
# What a kept container's first process needs to give up for each boot, and to end and clean up what that leaves.
RIGHTS = ("SETUID", "SETGID", "SETPCAP", "KILL", "DAC_OVERRIDE", "FOWNER")
# Nothing of a boot can stay in the kernel for the next: no System V memory, semaphores or queues, no POSIX queues.
NO_IPC = {"kernel.shmmni": "0", "kernel.msgmni": "0", "kernel.sem": "250 32000 32 0", "fs.mqueue.queues_max": "0"}


def arguments(image: str, job: Job, run: str, box: Mount, command: list[str], *, kept: bool) -> dict[str, Any]:
    """For the engine's `create_container`; `box` is the folder through which the container is spoken to."""
    from docker.types import Ulimit  # noqa: PLC0415

    settings = engine.client().create_host_config(
        mounts=[bind(mount) for mount in (box, *job.mounts)],
        network_mode=None if job.network else "none",
        ipc_mode=None if job.trusted else "none",
        sysctls=None if job.trusted else NO_IPC,
        cap_drop=["ALL"],
        cap_add=list(RIGHTS) if kept else None,
        security_opt=["no-new-privileges"],
        read_only=not job.trusted,
        tmpfs={SCRATCH: tmpfs(job), **(sealed(image) if not job.trusted else {})},
        mem_limit=job.memory or None,
        memswap_limit=job.memory or None,
        pids_limit=job.processes,
        ulimits=[Ulimit(name=name, soft=limit, hard=limit) for name, limit in limits(job).items()],
        devices=[f"{host.kvm_node()}:/dev/kvm:rw"] if job.kvm else None,
        group_add=[str(gid)] if job.kvm and (gid := host.kvm_group()) else None,
        auto_remove=kept,  # of another the engine tells the end, and removed it would tell nothing
    )
    return {
        "image": image,
        "command": command,
        "entrypoint": [],
        "environment": {**ENV, **job.env},
        "working_dir": job.workdir,
        "user": "0:0" if kept else user(job),
        "host_config": settings,
        "labels": {LABEL: run},
        "healthcheck": {"test": ["NONE"]},  # an image's own would run beside a boot, with more rights
        "network_disabled": not job.network,
        "stdin_open": False,
        "stop_signal": "SIGKILL",  # an engine that is stopped need not wait for it
    }


def command_line(image: str, job: Job) -> str:
    """The same as a command for a shell."""
    words = ["--rm", "--interactive=false", "--no-healthcheck", f"--user={user(job)}", f"--workdir={job.workdir}"]
    words += [] if job.network else ["--network=none"]
    words += [*RIGHTLESS, f"--tmpfs={SCRATCH}:{tmpfs(job)}"]
    words += [] if job.trusted else ["--read-only", "--ipc=none"]
    words += [f"--memory={job.memory}", f"--memory-swap={job.memory}"] if job.memory else []
    words += [f"--pids-limit={job.processes}"]
    words += [f"--ulimit={name}={limit}:{limit}" for name, limit in limits(job).items()]
    words += [f"--device={host.kvm_node()}:/dev/kvm"] if job.kvm else []
    words += [f"--group-add={host.kvm_group()}"] if job.kvm and host.kvm_group() else []
    words += mount_words(job.mounts)
    words += [f"--env={key}={value}" for key, value in {**ENV, **job.env}.items()]
    return shlex.join([engine.cli(), "run", *words, "--entrypoint=", image, *FIRST, *job.argv])


def bind(mount: Mount) -> Bind:
    """For the engine's API. What is mounted below the source stays outside: the engine's `read-only` would not hold
    there. A source that is not there is an error, and no folder that the engine makes.

    Source: Docker Engine API 1.40 and newer, `BindOptions.NonRecursive`; Podman 4's never takes what is below.
    """
    from docker.types import Mount as Bind  # noqa: PLC0415

    made = Bind(mount.inside, str(mount.source), "bind", read_only=not mount.writable, propagation="private")
    made["BindOptions"]["NonRecursive"] = True
    return made


def mount_words(mounts: Iterable[Mount]) -> list[str]:
    """The same for a command line, whose option is a row of CSV."""
    rows = ([f"source={m.source}", f"target={m.inside}", *([] if m.writable else ["readonly"])] for m in mounts)
    return [f"--mount=type=bind,bind-nonrecursive=true,{','.join(map(_field, row))}" for row in rows]


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


def user(job: Job) -> str:
    """Builds run as the caller, so that their files are the caller's; boots without any right."""
    if engine.is_rootless():
        return "0:0"  # which is the caller outside
    uid, gid = os.getuid(), os.getgid()
    return f"{NOBODY}:{NOBODY}" if uid == 0 and not job.trusted else f"{uid}:{gid}"


def limits(job: Job) -> dict[str, int]:
    """Resource limits, never above our own: an engine without the right to raise them would refuse (Podman does)."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 1 << 16 if job.trusted else 1 << 10
    allowed = wanted if files == resource.RLIM_INFINITY else min(wanted, files)
    # As many as this kernel has: this limit counts those of all containers together, `processes` holds each of them
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    nproc = most if processes == resource.RLIM_INFINITY else min(most, processes)
    return {"nofile": allowed, "nproc": nproc, "core": 0}


@functools.cache
def sealed(image: str) -> dict[str, str]:
    """The volumes that an image declares, as empty folders that take nothing: what a boot writes to one would last."""
    declared = ((engine.image(image) or {}).get("Config") or {}).get("Volumes") or {}
    return {str(place): "ro,noexec,nosuid,nodev,size=4k" for place in declared if str(place) != SCRATCH}


def tmpfs(job: Job) -> str:
    size = "" if job.trusted else f",size={job.scratch}"
    return f"rw,exec,nosuid,nodev,mode=1777{size}"
