"""A real OpenSSH server, for the tests of places that are reached by it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sshd import served, until

from bootmatrix.places.remote.place import RemotePlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sshd import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("sshd")) as found:
        yield found


@pytest.fixture
def remote_place(server: Server) -> Iterator[RemotePlace]:
    found = RemotePlace(server.remote("elsewhere", "cc"), threading.Event(), patience=lambda: 20.0)
    yield found
    found.close()
    assert until(lambda: not list(server.there.iterdir())), "something of ours is left there"
