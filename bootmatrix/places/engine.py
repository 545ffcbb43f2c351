"""The container engine: Docker 20.10 and newer, or Podman's socket through DOCKER_HOST."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import InfrastructureError, Problem

if TYPE_CHECKING:
    from docker import APIClient

REMEDY = "`bootmatrix doctor` says what is missing and `bootmatrix setup` installs it; `--engine host` needs no engine"


@functools.cache
def client(*, patient: bool = False) -> APIClient:
    """The engine's low-level client, one for all threads; a `patient` one waits for ever, for streams.

    Raises InfrastructureError if no engine answers.
    """
    import docker.errors  # noqa: PLC0415  # 150 ms, only where an engine is needed
    from docker.utils import kwargs_from_env  # noqa: PLC0415

    try:
        api = docker.APIClient(
            **kwargs_from_env(),
            version="auto",  # Engine 20.10 speaks 1.41 at most, Engine 29 1.44 at least
            timeout=None if patient else 120,  # type: ignore[arg-type]  # None waits for ever
            max_pool_size=64,
        )
        api.ping()
    except (docker.errors.DockerException, OSError) as error:
        where = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        raise InfrastructureError(
            Problem(f"no container engine answers at {where}: {reason(error)}", remedy=REMEDY)
        ) from None
    return api


def reason(error: BaseException) -> str:
    """The engine's words in one line."""
    text = str(getattr(error, "explanation", None) or error)
    return text.strip().splitlines()[-1][:300] if text.strip() else type(error).__name__


@functools.cache
def info() -> dict[str, Any]:
    """The engine's own description."""
    found: dict[str, Any] = client().info()
    return found


def is_podman() -> bool:
    components = client().version().get("Components") or []
    return any("podman" in str(part.get("Name", "")).lower() for part in components)


@functools.cache
def is_rootless() -> bool:
    """Whether root inside is the caller outside."""
    return any("rootless" in option for option in info().get("SecurityOptions") or [])
