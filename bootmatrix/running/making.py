"""Make the image and the build of one boot, for commands that want no run; progress goes to standard error."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bootmatrix.places import sight
from bootmatrix.places.container import ContainerPlace
from bootmatrix.places.local import LocalPlace
from bootmatrix.places.pool import Pool
from bootmatrix.runs.lease import Lease
from bootmatrix.runs.store import new_id
from bootmatrix.toolchains import build, imagebuild, marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.place import Place
    from bootmatrix.planning.plan import BootStep


def make_image(step: BootStep) -> None:
    if not step.image:
        return
    sight.check()
    if imagebuild.exists(step.image) and marks.used(step.image):
        return
    log = _log("image")
    click.echo(f"building the image {step.image.name}, log in {log}", err=True)
    imagebuild.make(step.image, log, threading.Event(), lambda _line: None)
    marks.used(step.image)


@contextlib.contextmanager
def place_of(step: BootStep) -> Iterator[Place]:
    """The boot's place, with its image ready; what it starts is gone afterwards."""
    make_image(step)
    with Lease(new_id()) as lease, Pool(lease.run, lease.boxes) as pool:
        yield ContainerPlace(step.image.tag, pool) if step.image else LocalPlace(lease.folder)


@contextlib.contextmanager
def made(step: BootStep) -> Iterator[Place]:
    """The boot's place, with its image and its build ready."""
    with place_of(step) as place:
        if step.build and not step.build.output(place).is_dir():
            log = _log("build")
            click.echo(f"building {step.build.id}, log in {log}", err=True)
            build.make(step.build, place, log, threading.Event(), lambda _line: None)
        yield place


def _log(kind: str) -> Path:
    return Path(tempfile.mkdtemp(prefix="bootmatrix-")) / f"{kind}.log"
