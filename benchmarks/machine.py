"""What is measured on: figures of two machines cannot be compared."""

from __future__ import annotations

import contextlib
import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from benchmarks import measuring, needs
from benchmarks.contract import ROOT, Failed
from bootmatrix import __version__, host
from bootmatrix.errors import BootmatrixError
from bootmatrix.places.containers import engine

PACKAGES = ("click", "docker", "pydantic", "pyyaml", "regex", "rich")
COMMANDS = {
    "solo5": f"{needs.SOLO5}/bin/solo5-spt --version 2>&1",
    "commit": "git rev-parse --short HEAD",
    "changed files": "git --no-optional-locks status --short | wc -l",
}


def described() -> dict[str, Any]:
    """As it goes into JSON; `load` is how much others had to do when we began."""
    return {
        "cores": host.cores(),
        "processor": _processor(),
        "memory": psutil.virtual_memory().total,
        "load": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "os": host.os_name(),
        "python": platform.python_version(),
        "versions": _versions(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _versions() -> dict[str, str]:
    """Of ourselves, what we use, and what we measure against; without what is not here."""
    found = {"bootmatrix": __version__} | {name: metadata.version(name) for name in PACKAGES}
    with contextlib.suppress(BootmatrixError):
        found["engine"] = engine.described()
    for name, script in COMMANDS.items():
        with contextlib.suppress(Failed):
            found[name] = measuring.output(["sh", "-c", script], ROOT).partition("\n")[0]
    return {name: version for name, version in found.items() if version}
