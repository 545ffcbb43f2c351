"""Frames between two guests without taps: each goes through two relays and a bridge."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from ipaddress import IPv4Interface
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from benchmarks import carrying, contract, needs
from benchmarks.carrying import LENGTH, BySocket
from benchmarks.contract import ROOT, Failed, Measure, Missing, Sample, sized
from bootmatrix import plugins
from bootmatrix.model import Cell, Interface, Network
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.containers.pool import Pool
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job
from bootmatrix.toolchains import imagebuild, toolchain

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from benchmarks.carrying import End
    from bootmatrix.places.place import Place

FRAMES = 100_000
WHAT = f"throughput of {LENGTH}-byte frames from one guest to another, both without taps"
AGAINST = "two links of the kernel's own bridge"
LAN = Network("lan", IPv4Interface("10.0.0.1/24"))
GUESTS = tuple(
    Interface(name, LAN, f"tap10{at}", IPv4Interface(f"10.0.0.{at + 2}/24"), f"02:00:00:00:00:0{name}", by_socket=True)
    for at, name in enumerate("ab")
)


class Figure(contract.Figure):
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("host", f"{WHAT}, whose relays are on this host", AGAINST, of="Mbit/s"),
        Measure("container", f"{WHAT}, whose relays are in a container", AGAINST, of="Mbit/s"),
    )

    def rounds(self, scale: float) -> Generator[contract.Round]:
        needs.containers()
        frames = sized(FRAMES, scale)
        with tempfile.TemporaryDirectory(prefix="bootmatrix-bench-") as folder, _pool(Path(folder, "boxes")) as pool:
            places: dict[str, Place] = {"host": LocalPlace(), "container": ContainerPlace(_image(), pool)}
            while True:
                yield {name: _sample(place, frames) for name, place in places.items()}


def _pool(folder: Path) -> Pool:
    return Pool(f"benchmarks-{os.getpid()}", folder)


def _image() -> str:
    image = toolchain.image_of(Cell("cell", {"os": "debian-12", "arch": "x86_64"}), plugins.images(ROOT))
    if not imagebuild.exists(image):
        raise Missing(f"the image {image.tag} is not here: bootmatrix setup --yes")
    return image.tag


def _sample(place: Place, frames: int) -> Sample:
    with _relays(place) as ends:
        ours = carrying.rate(*ends, frames)
    with carrying.bare() as ends:
        bare = carrying.rate(*ends, frames)
    sides = {"relays": ours, "links": bare}
    return Sample(ours / bare, {name: 8 * LENGTH * each / 1e6 for name, each in sides.items()})


@contextlib.contextmanager
def _relays(place: Place) -> Iterator[tuple[End, End]]:
    """Where two guests would be: at the sockets of a job that does nothing itself."""
    job = Job(("sleep", "600"), "the benchmark of relays", interfaces=GUESTS)
    if trouble := place.lacks(job):
        raise Missing(trouble)
    with place.start(job) as process, contextlib.ExitStack() as stack:
        if not process.namespace:
            raise Failed(f"{job.name} has no network")
        ends = []
        for guest in GUESTS:
            end = stack.enter_context(process.namespace.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            end.connect(f"\0{guest.device}")
            ends.append(BySocket(end))
        yield ends[0], ends[1]
        process.kill()
