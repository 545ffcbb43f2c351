"""Where each thing runs: the one door to places, by the image or the host over SSH that they have, or none."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Protocol

from bootmatrix import host, trust
from bootmatrix.engines import Engine
from bootmatrix.errors import Problem, UserError
from bootmatrix.model.remote import Remote
from bootmatrix.places.containers import sight
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.containers.pool import Pool
from bootmatrix.places.here.place import LocalPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from bootmatrix.places.boxes.machines import Machines
    from bootmatrix.places.place import Place
    from bootmatrix.places.remote.place import RemotePlace


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
        self._remotes: dict[Remote, RemotePlace] = {}

    @property
    def stop(self) -> threading.Event:
        """Set when nothing shall be begun any more."""
        return self.pool.stop

    def of(self, site: Tagged | Remote | None) -> Place:
        """Containers of an image, a host over SSH, or this host."""
        if isinstance(site, Remote):
            return self._remote(site)
        tag = site.tag if site else ""
        if tag not in self._known:
            self._known[tag] = ContainerPlace(tag, self.pool) if tag else here(self.engine)
        return self._known[tag]

    def boxed(self, kind: str, box: Tagged, image: Tagged) -> Place:
        """An image in a box of a kind, which has an image of its own."""
        from bootmatrix.places.boxes.machines import Machines  # noqa: PLC0415
        from bootmatrix.places.boxes.place import OWN_ROOT, BoxPlace  # noqa: PLC0415  # only where a boot needs one

        with self._lock:
            if kind not in self._boxes:
                self._boxes[kind] = Machines(box.tag, self.pool, own_root=kind in OWN_ROOT)
            key = f"{image.tag} in {kind}"
            if key not in self._known:
                self._known[key] = BoxPlace(kind, image.tag, self._boxes[kind])
            return self._known[key]

    def _remote(self, remote: Remote) -> RemotePlace:
        from bootmatrix.places.remote.link import Link  # noqa: PLC0415  # only where there is a host over SSH
        from bootmatrix.places.remote.place import RemotePlace  # noqa: PLC0415  # only where there is a host over SSH

        if remote not in self._remotes:
            self._remotes[remote] = RemotePlace(Link(remote, self.stop, host.scratch(), self.pool.note))
        return self._remotes[remote]

    def reached(self, remotes: Iterable[Remote]) -> list[RemotePlace]:
        """Those that answer now, all asked at once. What is to run on the others waits for them, and tells why not."""
        places = [self._remote(remote) for remote in remotes]
        if not places:
            return []
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        with ThreadPoolExecutor(len(places)) as asked:
            answers = asked.map(type(places[0]).answers, places)
            return [place for place, here in zip(places, answers, strict=True) if here]

    def close(self) -> None:
        """End all boxes, and the connections to other hosts with what is left there; containers end with their pool."""
        for machines in self._boxes.values():
            machines.close()
        for place in self._remotes.values():
            place.close()


def here(engine: Engine = Engine.HOST) -> Place:
    """On this host, in no container."""
    return HERE[engine](host.scratch())


def check(root: Path, sites: Iterable[Tagged | Remote | None]) -> None:
    """Raises InfrastructureError if containers are needed, but no engine answers, or sees this machine's files;
    UserError if hosts over SSH are, and the repository in `root` may not reach any.
    """
    needed = [site for site in sites if site]
    remotes = [site for site in needed if isinstance(site, Remote)]
    if remotes and not trust.is_lasting(root):
        what = f"the matrix wants to reach {', '.join(each.name for each in remotes)} over SSH, with your keys"
        raise UserError(Problem(what, remedy=f"only a trusted repository may: {trust.remedy(root)}"))
    if len(needed) > len(remotes):
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
