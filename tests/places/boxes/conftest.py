"""Boxes of a run of their own."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import pytest
from places.boxes.boxed import ROOT, RUN

from bootmatrix import plugins
from bootmatrix.places.boxes.machines import Machines
from bootmatrix.places.boxes.place import BoxPlace
from bootmatrix.places.containers.pool import Pool
from bootmatrix.toolchains import bases, imagebuild, toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.toolchains.toolchain import Image


@pytest.fixture(scope="module")
def place(debian_12: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxPlace]:
    """All tests here share one box as long as none has lost it."""
    folder = tmp_path_factory.mktemp("box")
    box = toolchain.box(plugins.boxes(ROOT)["box-kvm"])
    if not imagebuild.exists(box):
        imagebuild.make(box, folder / "image.log", threading.Event(), lambda _line: None)
    with (
        Pool(RUN, folder / "pool") as pool,
        contextlib.closing(Machines(box.tag, pool)) as all_,
    ):
        base = bases.provide(debian_12, threading.Event(), lambda _line: None)[bases.ARGUMENT]
        yield BoxPlace("box-kvm", base, all_)
