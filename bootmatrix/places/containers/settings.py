"""A sandbox in the engine's words, twice: the arguments of its API, and the options of its command line, for people.

What the two give a boot is the same: a new field of `Sandbox` goes into both.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from bootmatrix.places.containers import engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docker.types import Mount as Bind

    from bootmatrix.places.containers.sandbox import Sandbox
    from bootmatrix.places.place import Mount

LABEL = "bootmatrix.run"
NO_NEW_RIGHTS = "no-new-privileges"
# A shell as the first process: a tender that is process 1 itself would be immune to its own abort().
FIRST = ("sh", "-c", '"$@"; exit $?', "sh")


def arguments(sandbox: Sandbox, command: Sequence[str], run: str, *, kept: bool) -> dict[str, Any]:
    """For the engine's `create_container`, of a container of that run; one that is `kept` removes itself."""
    from docker.types import Ulimit  # noqa: PLC0415

    settings = engine.client().create_host_config(
        mounts=[bind(mount) for mount in sandbox.mounts],
        network_mode=sandbox.network or None,
        ipc_mode=sandbox.ipc or None,
        sysctls=dict(sandbox.sysctls) or None,
        cap_drop=["ALL"],
        cap_add=list(sandbox.capabilities) or None,
        security_opt=[NO_NEW_RIGHTS],
        read_only=sandbox.read_only,
        tmpfs=dict(sandbox.tmpfs),
        mem_limit=sandbox.memory or None,
        memswap_limit=sandbox.memory or None,
        pids_limit=sandbox.processes,
        ulimits=[Ulimit(name=name, soft=limit, hard=limit) for name, limit in sandbox.limits.items()],
        devices=[f"{device.source}:{device.inside}:rw" for device in sandbox.devices] or None,
        group_add=[str(group) for group in sandbox.groups] or None,
        auto_remove=kept,  # of another the engine tells the end, and removed it would tell nothing
    )
    return {
        "image": sandbox.image,
        "command": list(command),
        "entrypoint": [],
        "environment": dict(sandbox.env),
        "working_dir": sandbox.workdir,
        "user": sandbox.user,
        "host_config": settings,
        "labels": {LABEL: run},
        "healthcheck": {"test": ["NONE"]},  # an image's own would run beside a boot, with more rights
        "network_disabled": sandbox.network == "none",
        "stdin_open": False,
        "stop_signal": "SIGKILL",  # an engine that is stopped need not wait for it
    }


def command_line(sandbox: Sandbox, argv: Sequence[str]) -> str:
    """The same as a command for a shell, of a container that belongs to no run."""
    return shlex.join(command(sandbox, ("--interactive=false",), (*FIRST, *argv)))


def command(sandbox: Sandbox, options: Sequence[str], argv: Sequence[str]) -> list[str]:
    """The same as words, with more options, such as those of a terminal."""
    words = [*engine.cli(), "run", "--rm", *options, "--no-healthcheck", *_words(sandbox)]
    return [*words, "--entrypoint=", sandbox.image, *argv]


def _words(sandbox: Sandbox) -> list[str]:
    words = [f"--user={sandbox.user}", f"--workdir={sandbox.workdir}", "--cap-drop=ALL"]
    words += [f"--cap-add={name}" for name in sandbox.capabilities]
    words += [f"--security-opt={NO_NEW_RIGHTS}"]
    words += [f"--network={sandbox.network}"] if sandbox.network else []
    words += [f"--ipc={sandbox.ipc}"] if sandbox.ipc else []
    words += [f"--sysctl={name}={value}" for name, value in sandbox.sysctls.items()]
    words += ["--read-only"] if sandbox.read_only else []
    words += [f"--tmpfs={folder}:{options}" for folder, options in sandbox.tmpfs.items()]
    words += [f"--memory={sandbox.memory}", f"--memory-swap={sandbox.memory}"] if sandbox.memory else []
    words += [f"--pids-limit={sandbox.processes}"]
    words += [f"--ulimit={name}={limit}:{limit}" for name, limit in sandbox.limits.items()]
    words += [f"--device={device.source}:{device.inside}:rw" for device in sandbox.devices]
    words += [f"--group-add={group}" for group in sandbox.groups]
    words += [f"--mount={_row(mount)}" for mount in sandbox.mounts]
    return words + [f"--env={key}={value}" for key, value in sandbox.env.items()]


def bind(mount: Mount) -> Bind:
    """For the engine's API. What is mounted below the source stays outside: the engine's `read-only` would not hold
    there. A source that is not there is an error, and no folder that the engine makes.

    Source: Docker Engine API 1.40 and newer, `BindOptions.NonRecursive`; Podman 4's never takes what is below.
    """
    from docker.types import Mount as Bind  # noqa: PLC0415

    made = Bind(mount.inside, str(mount.source), "bind", read_only=not mount.writable, propagation="private")
    made["BindOptions"]["NonRecursive"] = True
    return made


def _row(mount: Mount) -> str:
    """The same for a command line, whose option is a row of CSV."""
    row = ["type=bind", "bind-nonrecursive=true", "bind-propagation=private"]
    row += [f"source={mount.source}", f"target={mount.inside}", *([] if mount.writable else ["readonly"])]
    return ",".join(map(_field, row))


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text
