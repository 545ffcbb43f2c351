"""Which networks boots can have on this host: each way is tried, with an interface as a boot has it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from ipaddress import IPv4Interface

from bootmatrix.errors import BootmatrixError, InfrastructureError, printable
from bootmatrix.model import Interface, Network
from bootmatrix.places import devices
from bootmatrix.places.containers import engine
from bootmatrix.places.here import apart
from bootmatrix.places.place import Job
from bootmatrix.upkeep.finding import Finding

TRIED = 4  # images at the most
SECONDS = 20.0  # that a user's first namespace may take
OTHER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "--user", "--net", "true")
NETWORK = Network("first", IPv4Interface("10.0.0.1/24"))
FIRST = Interface("first", NETWORK, "tap0", IPv4Interface("10.0.0.2/24"), "02:00:0a:00:00:02")


def _by_sockets() -> bool:
    """Whether boots have their networks so, as QEMU can."""
    return bool(devices.trouble(devices.TUN))


def _way() -> str:
    return "by sockets, with QEMU" if _by_sockets() else "by taps"


def taps() -> Finding:
    """The device that all backends can have them by."""
    if trouble := devices.trouble(devices.TUN):
        what, _, remedy = trouble.rpartition(": ")
        return Finding("taps", "note", what, remedy)
    return Finding("taps", "ok", f"{devices.TUN_NODE} opens")


def in_containers() -> Finding:
    """In a container of an image that is here. One that is no good, or removed meanwhile, says nothing of this host."""
    name = "networks in containers"
    try:
        images = _images()
    except InfrastructureError:
        return Finding(name, "note", "not tried, since no container engine answers")
    troubles = []
    for image in images[:TRIED]:
        if not (trouble := _trouble(image)):
            return Finding(name, "ok", f"a boot in {image} has one, {_way()}")
        troubles.append(trouble)
    if not troubles:
        return Finding(name, "note", "not tried, since there is no image yet: the first run makes one")
    return Finding(name, "note", troubles[-1], "boots with `nets` can only be had with --engine host")


def _images() -> list[str]:
    """Those that bootmatrix has made, and in which boots run, the newest first."""
    from bootmatrix.toolchains import toolchain  # noqa: PLC0415

    with engine.speaking("its images cannot be listed"):
        tags = [tag for each in engine.client().images() for tag in each.get("RepoTags") or ()]
    ours, base = f"{toolchain.PREFIX}/", f"{toolchain.PREFIX}/base:"
    return [tag for tag in tags if tag.startswith(ours) and not tag.startswith(base)]


def _trouble(image: str) -> str:
    """Why a boot in containers of the image has no network, empty if it has."""
    from bootmatrix.places import opening  # noqa: PLC0415
    from bootmatrix.places.containers.place import ContainerPlace  # noqa: PLC0415
    from bootmatrix.runs.lease import Lease  # noqa: PLC0415
    from bootmatrix.runs.store import new_id  # noqa: PLC0415

    job = Job(("true",), "a first boot", interfaces=(replace(FIRST, by_socket=_by_sockets()),))
    try:
        with Lease(new_id()) as lease, opening.opened(lease.run, lease.boxes) as places:
            place = ContainerPlace(image, places.pool)
            if lacking := place.lacks(job):
                return lacking
            with place.start(job):
                return ""
    except (BootmatrixError, OSError) as error:
        return printable(str(error))


def on_host() -> Finding:
    """In namespaces of this host, for root, and for who is not."""
    name = "networks with --engine host"
    if trouble := apart.trouble(by_socket=_by_sockets()):
        what, _, remedy = trouble.rpartition(": ")
        return Finding(name, "note", what, remedy)
    if os.getuid():
        return Finding(name, "ok", f"a boot of this user has one, {_way()}, in a user namespace")
    if others := _others_trouble():
        what = f"a boot of root has one, {_way()}; those of other users have none ({others})"
        return Finding(name, "ok", what, apart.REMEDY)
    return Finding(name, "ok", f"a boot has one, {_way()}, of root, and of other users in a user namespace")


def _others_trouble() -> str:
    """Why users but root have no namespaces here, empty if they have."""
    try:
        done = subprocess.run(
            OTHER, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"not tried: {printable(str(error))}"
    said = done.stderr.decode("utf-8", "replace").strip()
    return printable(said or f"unshare ended with status {done.returncode}") if done.returncode else ""
