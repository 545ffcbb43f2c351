"""Make the image and the build of one boot, for commands that want no run; progress goes to standard error."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bootmatrix import build, imagebuild, run

if TYPE_CHECKING:
    from bootmatrix.places.place import Place
    from bootmatrix.plan import BootStep


def make_image(step: BootStep) -> None:
    if step.image and not imagebuild.exists(step.image):
        log = _log("image")
        click.echo(f"building the image {step.image.name}, log in {log}", err=True)
        imagebuild.make(step.image, log, threading.Event(), lambda _line: None)


def make(step: BootStep) -> Place:
    """The boot's place, with its image and its build ready."""
    make_image(step)
    place = run.place_of(step.image)
    if step.build and not step.build.output.is_dir():
        log = _log("build")
        click.echo(f"building {step.build.id}, log in {log}", err=True)
        build.make(step.build, place, log, threading.Event(), lambda _line: None)
    return place


def _log(kind: str) -> Path:
    return Path(tempfile.mkdtemp(prefix="bootmatrix-")) / f"{kind}.log"
