"""Guests of ours as domains of a real Xen, in a box: told truly, and gone when their boot is over."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import read, run_job

from bootmatrix import plugins
from bootmatrix.model import MIB, Boot, Ending
from bootmatrix.places.boxed import OWN_ROOT, BoxPlace
from bootmatrix.places.machines import Machines
from bootmatrix.places.place import TENDER, Job
from bootmatrix.places.pool import Pool
from bootmatrix.toolchains import imagebuild, toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.place import Process

pytestmark = pytest.mark.docker
ROOT = Path(__file__).parents[2]
XEN = plugins.runner_class("xen", ROOT)()
BOX = "box-xen"
ALONE = ["Domain-0"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxPlace]:
    """One box for all tests here: to start it takes most of their time."""
    folder = tmp_path_factory.mktemp("box")
    box = toolchain.box(plugins.boxes(ROOT)[BOX])
    if not imagebuild.exists(box):
        imagebuild.make(box, folder / "image.log", threading.Event(), lambda _line: None)
    with (
        Pool(f"tests-xen-{os.getpid()}", folder / "pool") as pool,
        contextlib.closing(Machines(box.tag, pool, own_root=BOX in OWN_ROOT)) as machines,
    ):
        yield BoxPlace(BOX, box.tag, machines)


@pytest.fixture(scope="module")
def guests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with kits/xen's guests."""
    if missing := [name for name in ("gcc", "make", "objcopy") if not shutil.which(name)]:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    out = tmp_path_factory.mktemp("guests")
    made = ["make", "-s", "-f", str(ROOT / "unikernels/Makefile"), f"OUT={out}", "ENDINGS=elf", "ENDS=ends_printed"]
    subprocess.run([*made, "conformance"], check=True)
    return out


def job(place: BoxPlace, guests: Path, *args: str) -> Job:
    """The boot of a guest that does what the first argument names, as the runner launches it."""
    folder = place.folder()
    boot = Boot("x86_64", "xl", "/unikernels/conformance.elf", args, memory=32 * MIB, accel="xen", folder=folder)
    launch = XEN.launch(boot)
    return Job(
        launch.argv,
        "test",
        mounts=(place.mount(guests, "/unikernels"),),
        folder=folder,
        files=launch.files,
        undo=launch.undo,
    )


def printed(process: Process) -> bytes:
    """What the guest prints first, after xl's own words."""
    while (item := read(process))[0] == TENDER:
        pass
    return item[1]


def domains(place: BoxPlace) -> list[str]:
    found, console, tender = run_job(place, Job(("xl", "list"), "test"))
    assert found.status == 0, tender
    return [line.split()[0] for line in console.decode().splitlines()[1:]]


@pytest.mark.parametrize(
    ("args", "last", "wanted"),
    [
        (("exit", "3"), "conformance: status 3", "exited(unknown)"),
        (("trap",), "TRAP: #UD", "crashed(domain crash)"),
        (("stack",), "conformance: a stack without end", "crashed(reset)"),
    ],
)
def test_an_end_is_told_after_all_that_was_printed(
    place: BoxPlace, guests: Path, args: tuple[str, ...], last: str, wanted: str
) -> None:
    found, console, tender = run_job(place, job(place, guests, *args))
    ending = Ending(found.status, found.signal, console=console.decode(), tender=tender.decode(), arch="x86_64")
    assert str(XEN.outcome(ending)) == wanted
    assert console.decode().splitlines()[-1].startswith(last)
    assert domains(place) == ALONE


def test_guests_that_hang_are_there_at_once_and_gone_when_they_are_ended(place: BoxPlace, guests: Path) -> None:
    with (
        place.start(job(place, guests, "hang")) as first,
        place.start(job(place, guests, "hang")) as second,
    ):
        for process in (first, second):
            assert printed(process) == b"conformance: hangs\n"
        assert len(domains(place)) == 3
        first.kill()
        second.kill()
    assert domains(place) == ALONE
