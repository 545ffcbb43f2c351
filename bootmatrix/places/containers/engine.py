"""The container engine: Docker 20.10 and newer, or Podman's socket through DOCKER_HOST."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import InfrastructureError, Problem, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import APIClient

REMEDY = "`bootmatrix doctor` says what is missing and `bootmatrix setup` installs it; `--engine host` needs no engine"
FIRST_SECONDS, SECONDS, PATIENT_SECONDS = 10, 120, 1800  # of silence: when it is first asked, later, in a stream
GONE_SECONDS = 30.0  # that the engine has to remove a container
TICK = 0.02


@functools.cache
def client(*, patient: bool = False) -> APIClient:
    """The engine's low-level client, one for all threads; a `patient` one waits long, for streams.

    Raises InfrastructureError if no engine answers.
    """
    import docker.errors  # noqa: PLC0415  # 150 ms, only where an engine is needed
    from docker.utils import kwargs_from_env  # noqa: PLC0415

    try:
        api = docker.APIClient(
            **kwargs_from_env(),
            version="auto",  # Engine 20.10 speaks 1.41 at most, Engine 29 1.44 at least
            timeout=FIRST_SECONDS,
            max_pool_size=64,
        )
        api.ping()
        api.timeout = PATIENT_SECONDS if patient else SECONDS
    except (docker.errors.DockerException, OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"no container engine answers at {where()}: {_cause(error) or reason(error)}"
        raise InfrastructureError(Problem(what, remedy=REMEDY)) from None
    return api


@contextlib.contextmanager
def streaming(lines: Any) -> Iterator[Any]:
    """What the library streams, as it comes; left early, its connection is closed, and the engine ends what it does.

    The library has no word for that, and keeps the response to itself: its connection would stay until it is collected.
    """
    try:
        yield lines
    finally:
        if lines.gi_frame:
            lines.gi_frame.f_locals["response"].close()


def where() -> str:
    """The address at which the engine is spoken to."""
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def patience() -> float:
    """Seconds that an engine may take to be started anew; raises UserError if the environment says no number."""
    text = os.environ.get("BOOTMATRIX_PATIENCE") or "90"
    try:
        return float(text)
    except ValueError:
        what = f"BOOTMATRIX_PATIENCE is '{text}', which is not a number of seconds"
        raise UserError(Problem(what, remedy="write a number such as 90")) from None


def answers() -> bool:
    """Whether the engine is there at this moment."""
    with contextlib.suppress(InfrastructureError), speaking("no answer"):
        return _quick().ping() is not False
    return False


@functools.cache
def _quick() -> APIClient:
    """Another client, which gives up soon: for an engine that hangs."""
    from docker import APIClient as Client  # noqa: PLC0415
    from docker.utils import kwargs_from_env  # noqa: PLC0415

    return Client(**kwargs_from_env(), version=client().api_version, timeout=FIRST_SECONDS, max_pool_size=64)


def described() -> str:
    """The engine and its version, for people; empty while it does not answer."""
    with contextlib.suppress(InfrastructureError), speaking("no answer"):
        return f"{'podman' if is_podman() else 'docker'} {client().version().get('Version', '')}"
    return ""


@contextlib.contextmanager
def speaking(what: str) -> Iterator[None]:
    """Turns the engine's refusals and its silence into InfrastructureError."""
    import docker.errors  # noqa: PLC0415

    try:
        yield
    except (docker.errors.DockerException, OSError) as error:
        raise InfrastructureError(f"{what}: {reason(error)}") from None
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InfrastructureError(
            f"{what}: its answer is not that of a container engine ({type(error).__name__}: {error})"
        ) from None


def _cause(error: BaseException | None) -> str:
    """The kernel's words on why there is no connection, which the library has wrapped in errors of its own; or none."""
    while error is not None and not (isinstance(error, OSError) and error.strerror):
        error = error.__cause__ or error.__context__
    return str(error.strerror) if isinstance(error, OSError) else ""


def reason(error: BaseException) -> str:
    """The engine's words in one line."""
    text = str(getattr(error, "explanation", None) or error)
    return text.strip().splitlines()[-1][:300] if text.strip() else type(error).__name__


@functools.cache
def info() -> dict[str, Any]:
    """The engine's own description."""
    found: dict[str, Any] = client().info()
    return found


@functools.cache
def is_podman() -> bool:
    components = client().version().get("Components") or []
    return any("podman" in str(part.get("Name", "")).lower() for part in components)


@functools.cache
def is_rootless() -> bool:
    """Whether root inside is the caller outside."""
    return any("rootless" in option for option in info().get("SecurityOptions") or [])


def image(tag: str) -> dict[str, Any] | None:
    """The engine's description of an image, None if it is not here; raises InfrastructureError if it is silent."""
    import docker.errors  # noqa: PLC0415

    with speaking(f"the engine does not answer for {tag}"):
        try:
            found: dict[str, Any] = client().inspect_image(tag)
        except docker.errors.ImageNotFound:
            return None
        return found


def imported(archive: bytes) -> str:
    """The id of a new image without a name, from a tar archive's bytes."""
    answer: str = client().import_image_from_data(archive)
    return str(json.loads(answer.splitlines()[-1])["status"])


def image_id(tag: str) -> str:
    """The image's id; raises InfrastructureError if it is not here."""
    found = image(tag)
    if found is None:
        raise InfrastructureError(f"the image {tag} is not here")
    return str(found["Id"])


def ended(container: str, seconds: int) -> tuple[int, bool]:
    """The exit status of a container that ends within so many seconds, and whether it had run out of memory.

    Raises InfrastructureError if it does not, or is no longer there.
    """
    with speaking("the container's exit status cannot be read"):
        client().wait(container, timeout=seconds)
        state = client().inspect_container(container)["State"]
        return int(state["ExitCode"]), bool(state.get("OOMKilled"))


def remove(container: str) -> bool:
    """Whether the container, its processes and its anonymous volumes are gone; not if the engine does not answer."""
    import docker.errors  # noqa: PLC0415

    end = time.monotonic() + GONE_SECONDS
    while time.monotonic() < end:
        try:
            client().remove_container(container, v=True, force=True)
        except docker.errors.NotFound:
            return True
        except docker.errors.APIError:
            time.sleep(TICK)  # it removes itself already
        except (docker.errors.DockerException, InfrastructureError, OSError):
            return False
    return False


def is_paused(container: str) -> bool:
    """Not if the engine does not say."""
    with contextlib.suppress(InfrastructureError), speaking("the container's state cannot be read"):
        return bool(client().inspect_container(container)["State"]["Paused"])
    return False


def rename(container: str, name: str) -> None:
    """Raises InfrastructureError if another container has that name."""
    with speaking(f"the container cannot be named {name}"):
        client().rename(container, name)


def joined(container: str) -> list[str]:
    """The ids of all containers that have the network of this one, which has an id; raises InfrastructureError."""
    with speaking("containers cannot be listed"):
        found = [str(each["Id"]) for each in client().containers(all=True)]
        return [each for each in found if _network_of(each) == f"container:{container}"]


def _network_of(container: str) -> str:
    """Its engine's word for it; empty if the container is gone."""
    import docker.errors  # noqa: PLC0415

    try:
        return str(client().inspect_container(container)["HostConfig"]["NetworkMode"])
    except docker.errors.NotFound:
        return ""


def labelled(label: str) -> list[str]:
    """The ids of all containers with a label, `KEY=VALUE`; raises InfrastructureError if no engine answers."""
    with speaking("containers cannot be listed"):
        found = client().containers(all=True, filters={"label": label})
        return [str(each["Id"]) for each in found]


def cli() -> list[str]:
    """The command that speaks to the same engine. To Podman its own does: Docker's cannot hand devices to Podman 4."""
    from shutil import which  # noqa: PLC0415

    return ["podman", f"--url={where()}"] if is_podman() and which("podman") else ["docker"]
