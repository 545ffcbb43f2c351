"""What this host can do: one small check for each ability, each with its remedy."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from bootmatrix import host
from bootmatrix.errors import BootmatrixError, InfrastructureError, printable
from bootmatrix.places.containers import engine, sight
from bootmatrix.upkeep import networks
from bootmatrix.upkeep.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QEMU = ("qemu-system-x86_64", "qemu-system-aarch64", "qemu-system-riscv64")
SOLO5 = ("solo5-hvt", "solo5-spt", "solo5-elftool")
SECONDS = 20.0  # that a program has to say its version
DISK = 10 << 30  # bytes: the six images of the two Debians take 5 GiB, builds and bases the rest


def everything(matrix: Path) -> list[Finding]:
    """`matrix` is the file whose hosts over SSH are asked, if it is there."""
    from bootmatrix.upkeep import remotes  # noqa: PLC0415  # loads what a matrix is read with

    of_networks = [networks.taps, networks.in_containers, networks.on_host]
    checks: list[Callable[[], Finding]] = [_engine, _base, _git, _disk, _kvm, _qemu, _solo5, *of_networks]
    return [*(check() for check in checks), *remotes.findings(matrix)]


def _engine() -> Finding:
    try:
        version = engine.client().version()
    except InfrastructureError as error:
        remedy = (
            "`bootmatrix setup` installs and starts Docker Engine; for Podman: podman system service, and DOCKER_HOST"
        )
        return Finding("container engine", "missing", error.problems[0].what, remedy)
    try:
        sight.check()
    except InfrastructureError as error:
        return Finding("container engine", "missing", error.problems[0].what, error.problems[0].remedy)
    name = "Podman" if engine.is_podman() else "Docker"
    return Finding(
        "container engine", "ok", f"{name} {version.get('Version', '')}, API {version.get('ApiVersion', '')}"
    )


def _base() -> Finding:
    if shutil.which("mmdebstrap"):
        return Finding("base images", "ok", "pulled, or bootstrapped by mmdebstrap where no registry answers")
    remedy = "`bootmatrix setup` installs mmdebstrap, which makes a base where no registry answers"
    return Finding("base images", "note", "can only be pulled: mmdebstrap is not installed", remedy)


def _git() -> Finding:
    if shutil.which("git"):
        return Finding("git", "ok", "builds leave out the files that git ignores")
    return Finding(
        "git", "note", "not installed, so builds also copy the files that git would ignore", "apt-get install git"
    )


def _disk() -> Finding:
    try:
        folder = host.cache()
        while not os.path.exists(folder):  # noqa: PTH110  # Path's raises where it may not look
            folder = folder.parent
        free = shutil.disk_usage(folder).free
    except InfrastructureError as error:
        return Finding("disk", "missing", error.problems[0].what, error.problems[0].remedy)
    except OSError as error:
        return Finding(
            "disk", "missing", f"{folder} cannot be read: {error.strerror}", "name another folder with BOOTMATRIX_CACHE"
        )
    words = f"{free >> 30} GiB free for builds at {host.cache()}"
    enough = free >= DISK
    return Finding(
        "disk",
        "ok" if enough else "note",
        words,
        "" if enough else "free some space, or name another disk with BOOTMATRIX_CACHE",
    )


def _kvm() -> Finding:
    if trouble := host.kvm_trouble():
        return Finding("KVM", "note", f"{trouble}; QEMU emulates with TCG, solo5-hvt cannot boot", _kvm_remedy(trouble))
    if not shutil.which(QEMU[0]):
        return Finding("KVM", "note", "/dev/kvm works; each image is tested for whether its QEMU boots on it")
    trouble = _probe()
    detail = trouble or "a test guest boots on it"
    return Finding(
        "KVM", "note" if trouble else "ok", detail, "QEMU emulates guests with TCG instead" if trouble else ""
    )


def _probe() -> str:
    """Boot the qemu runner's own probe guest on this host."""
    from bootmatrix import plugins  # noqa: PLC0415
    from bootmatrix.boots.accelerator import Accelerators  # noqa: PLC0415
    from bootmatrix.boots.tenders import Tenders, Unavailable  # noqa: PLC0415
    from bootmatrix.places import opening  # noqa: PLC0415

    runner, place = plugins.make_runner("qemu", {"accel": "kvm"}, plugins.HERE), opening.here()
    try:
        tender = runner.tender(os.uname().machine)
        found = Tenders().find(place, runner, tender, None)
        Accelerators().choose(place, runner, tender, found, os.uname().machine)
    except (Unavailable, BootmatrixError, OSError) as error:
        return str(error)
    return ""


def _kvm_remedy(trouble: str) -> str:
    return (
        "enable virtualization in the firmware, or nested virtualization if this is a virtual machine"
        if "no /dev/kvm" in trouble
        else ""
    )


def _qemu() -> Finding:
    here = [name for name in QEMU if shutil.which(name)]
    if not here:
        return Finding("QEMU on this host", "note", "none; images have their own, only --engine host needs one")
    return Finding("QEMU on this host", "ok", f"{_version(here[0])}: {', '.join(here)}")


def _solo5() -> Finding:
    here = [path for name in SOLO5 if (path := shutil.which(name))]
    if not here:
        remedy = "build and install Solo5, then set its prefix: runner: {prefix: /usr/local}"
        return Finding(
            "Solo5 on this host", "note", "none; tenders that a build makes, or an image has, are used as well", remedy
        )
    return Finding("Solo5 on this host", "ok", ", ".join(here))


def _version(program: str) -> str:
    try:
        said = subprocess.run(
            [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return f"{program} does not print its version"
    return printable(said.decode("utf-8", "replace").partition("\n")[0]) or program
