"""Container engines that tests start themselves."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


def podman_service(factory: pytest.TempPathFactory) -> Iterator[str]:
    """Podman's service on a socket of its own, for as long as a fixture lives."""
    socket = factory.mktemp("podman") / "podman.sock"
    service = subprocess.Popen(["podman", "system", "service", "--time=0", f"unix://{socket}"])
    end = time.monotonic() + 60
    while not socket.exists() and service.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    yield f"unix://{socket}"
    service.terminate()
    service.wait(timeout=30)
