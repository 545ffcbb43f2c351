"""Places of each kind: on this host, in containers, and one that a real OpenSSH server reaches."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sshd import served, until

from bootmatrix.places.containers import agents
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.remote.link import Link
from bootmatrix.places.remote.place import RemotePlace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sshd import Server

    from bootmatrix.places.containers.place import ContainerPlace
    from bootmatrix.places.place import Place

KINDS = ["host", *(pytest.param(name, marks=pytest.mark.docker) for name in ("warm", "single"))]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """On the host, in a container that is kept for the next boot, and in one for each boot."""
    if request.param == "host":
        return LocalPlace(tmp_path)
    found: ContainerPlace = request.getfixturevalue("container_place")
    if request.param == "single":
        monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(agents, "COMPILE", "exit 127")
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("sshd")) as found:
        yield found


@pytest.fixture
def remote_place(server: Server) -> Iterator[RemotePlace]:
    found = RemotePlace(Link(server.remote("elsewhere", "cc"), threading.Event(), patience=lambda: 20.0))
    yield found
    found.close()
    assert until(lambda: not list(server.there.iterdir())), "something of ours is left there"
