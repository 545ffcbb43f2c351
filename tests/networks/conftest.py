"""A network namespace of a test's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bootmatrix.places import devices
from bootmatrix.places.here import apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.here.apart import Apart


@pytest.fixture
def namespace() -> Iterator[Apart]:
    """A fresh one, which whoever is root can enter."""
    if os.getuid():
        pytest.skip("to enter a namespace needs root")
    if trouble := devices.trouble("tun") or apart.trouble():
        pytest.skip(trouble)
    with apart.held("test") as found:
        yield found
