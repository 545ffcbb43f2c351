"""Where each thing runs: the one door to places, by the image that they have, or none."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Protocol

from bootmatrix import host
from bootmatrix.engines import Engine
from bootmatrix.places import sight
from bootmatrix.places.boxed import OWN_ROOT, BoxPlace
from bootmatrix.places.container import ContainerPlace
from bootmatrix.places.local import LocalPlace
from bootmatrix.places.machines import Machines
from bootmatrix.places.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from bootmatrix.places.place import Place


# Those in no container, each made with a scratch folder; without images, `docker` boots nothing.
HERE: dict[Engine, Callable[[Path | None], Place]] = {Engine.DOCKER: LocalPlace, Engine.HOST: LocalPlace}


class Tagged(Protocol):
    """An image, by the tag that the engine knows."""

    @property
    def tag(self) -> str: ...


class Places:
    """A run's places, each opened once: it keeps what it knows of itself. What they start ends with the pool."""

    def __init__(self, pool: Pool, engine: Engine) -> None:
        self.pool, self.engine = pool, engine
        self._known: dict[str, Place] = {}
        self._boxes: dict[str, Machines] = {}
        self._lock = threading.Lock()

    @property
    def stop(self) -> threading.Event:
        """Set when nothing shall be begun any more."""
        return self.pool.stop

    def of(self, image: Tagged | None) -> Place:
        """Containers of an image, or this host."""
        tag = image.tag if image else ""
        if tag not in self._known:
            self._known[tag] = ContainerPlace(tag, self.pool) if tag else here(self.engine)
        return self._known[tag]

    def boxed(self, kind: str, box: Tagged, image: Tagged) -> Place:
        """An image in a box of a kind, which has an image of its own."""
        with self._lock:
            if kind not in self._boxes:
                self._boxes[kind] = Machines(box.tag, self.pool, own_root=kind in OWN_ROOT)
            key = f"{image.tag} in {kind}"
            if key not in self._known:
                self._known[key] = BoxPlace(kind, image.tag, self._boxes[kind])
            return self._known[key]

    def close(self) -> None:
        """End all boxes; containers end with their pool."""
        for machines in self._boxes.values():
            machines.close()


def here(engine: Engine = Engine.HOST) -> Place:
    """On this host, in no container."""
    return HERE[engine](host.scratch())


def check(images: Iterable[Tagged | None]) -> None:
    """Raises InfrastructureError if containers are needed, but no engine answers, or sees this machine's files."""
    if any(images):
        sight.check()


@contextlib.contextmanager
def opened(
    run: str,
    boxes: Path,
    stop: threading.Event | None = None,
    note: Callable[[str], None] = lambda _text: None,
    engine: Engine = Engine.DOCKER,
) -> Iterator[Places]:
    """The places of a run that has a lease, by its folder for containers; all that they started is gone afterwards."""
    with Pool(run, boxes, stop, note) as pool, contextlib.closing(Places(pool, engine)) as places:
        yield places
