"""What a figure needs of this machine; each raises Missing with what is not there."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

from benchmarks.contract import Missing
from bootmatrix.errors import InfrastructureError
from bootmatrix.places.containers import engine

SOLO5 = Path("/usr/local")


def containers() -> None:
    """An engine, its command, and a machine for which the images are."""
    try:
        engine.client()
    except InfrastructureError as error:
        raise Missing(error.problems[0].what) from None
    if platform.machine() != "x86_64":
        raise Missing(f"the images are for x86_64, not for {platform.machine()}")
    if not shutil.which(engine.cli()[0]):
        raise Missing(f"there is no command {engine.cli()[0]}")


def solo5() -> None:
    """Solo5's tender, and what makes its unikernels."""
    for program in ("solo5-spt", "solo5-elftool", "x86_64-solo5-none-static-cc"):
        if not (SOLO5 / "bin" / program).exists():
            raise Missing(f"Solo5 is not here: no {program} in {SOLO5 / 'bin'}")
