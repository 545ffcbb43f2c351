"""The machine on which a place is: what it can do is asked there, and found out, never assumed."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from bootmatrix import host
from bootmatrix.places import devices

ARCHES = {"amd64": "x86_64", "arm64": "aarch64"}


class Host:
    """The machine that runs bootmatrix. `name` is for people, and tells hosts apart."""

    name = "this host"

    @property
    def machine(self) -> str:
        """Its architecture, as a matrix calls it."""
        return ARCHES.get(platform.machine(), platform.machine())

    @property
    def kind(self) -> str:
        """Its class: what takes as long there as on another of the same class."""
        return host.kind()

    @property
    def os_name(self) -> str:
        """As an image would be called: `debian-12`."""
        return host.os_name()

    @property
    def cores(self) -> int:
        return host.cores()

    @property
    def memory(self) -> int:
        """Bytes that programs can still have."""
        return host.memory()

    @property
    def most_memory(self) -> int:
        """Bytes that a build may have."""
        return host.most_memory()

    @property
    def boot_id(self) -> str:
        """Changes whenever it boots."""
        return host.boot_id()

    def trouble(self, accelerator: str) -> str:
        """Why an accelerator cannot be used there at all; empty if it opens, and KVM makes a machine, which proves no
        boot yet.
        """
        return TROUBLES[accelerator]() if accelerator in TROUBLES else ""

    def lacks(self, device: str) -> str:
        """Why a boot cannot have a device of this name here, empty if it can; UserError if there is no such device."""
        return devices.trouble(device)

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder, wherever links lead."""
        return os.path.exists(path)  # noqa: PTH110  # Path's raises where it may not look

    def program(self, name: str, prefix: str = "") -> str | None:
        """The path of a program: on PATH, or in the `bin` of a prefix."""
        from shutil import which  # noqa: PLC0415

        return which(name, path=str(Path(prefix) / "bin")) if prefix else which(name)


def _xen_trouble() -> str:
    """Source: Linux, drivers/xen/xenfs: `control_d` is said in the domain that may start others."""
    try:
        said = Path("/proc/xen/capabilities").read_text(encoding="utf-8", errors="replace")
    except OSError:
        said = ""
    return (
        "" if "control_d" in said else "this host is not Xen's control domain: /proc/xen/capabilities does not say so"
    )


TROUBLES = {"kvm": lambda: host.kvm_trouble(), "xen": _xen_trouble}  # noqa: PLW0108  # looked up when it is asked
HERE = Host()
