"""Jobs in a box, and what is known of its machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from support import read

from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from bootmatrix.places.boxes.machine import Machine
    from bootmatrix.places.boxes.place import BoxPlace

ROOT = Path(__file__).parents[3]
RUN = f"tests-boxes-{os.getpid()}"


def shell(script: str, **more: object) -> Job:
    return Job(("sh", "-c", script), "test", **more)  # type: ignore[arg-type]


def machine(place: BoxPlace) -> Machine:
    """That which a next job would be in."""
    with place.start(shell("true")) as process:
        assert read(process)[0] == "end"
        found: Machine = process.container.machine  # type: ignore[attr-defined]
        return found
