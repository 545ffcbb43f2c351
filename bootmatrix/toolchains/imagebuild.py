"""Finds images by the key of their content, and builds them from a base and the commands of a Dockerfile."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from typing import IO, TYPE_CHECKING, Any

from bootmatrix import disk, host, keys, logs
from bootmatrix.errors import BootmatrixError, InfrastructureError, Problem, UserError, printable
from bootmatrix.places.containers import engine
from bootmatrix.quantities import human_time
from bootmatrix.toolchains import bases, folder

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image

LONGEST = 2 * 3600.0  # seconds for an image, however much it says meanwhile
LABEL, BASES = "bootmatrix.toolchain", "bootmatrix.bases"
# What package managers and engines say when a network or a mirror fails: worth another try, and nobody's mistake.
NETWORK = re.compile(
    r"Temporary failure|Could not (?:resolve|connect)|Failed to fetch|dial tcp|i/o timeout|TLS handshake|no such host"
    r"|[Cc]onnection (?:refused|reset|timed out)|Network is unreachable|503 Service Unavailable"
)


def exists(image: Image) -> bool:
    """Whether the image is here, and made from the bases that are here now."""
    found = engine.image(image.tag)
    if found is None:
        return False
    try:
        kept = dict(json.loads((found["Config"].get("Labels") or {}).get(BASES, "{}")))
    except (ValueError, TypeError, LookupError, AttributeError):  # not by us
        return False
    return all(kept.get(name, known) == known for name, known in bases.identities(image).items())


def make(image: Image, file: Path, stop: threading.Event, say: Callable[[str], None]) -> None:
    """Build the image, its log streamed to `say` and into `file`; raises InfrastructureError or UserError."""
    import docker.errors  # noqa: PLC0415

    arguments = {**dict(image.args), **bases.provide(image, stop, say)}
    with logs.Log(file) as log, _context(image) as context:
        try:
            _follow(image, context, arguments, stop, log.add, say)
        except (docker.errors.APIError, OSError) as error:
            raise InfrastructureError(f"the engine cannot build {image.name}: {engine.reason(error)}") from None
        except docker.errors.BuildError as error:
            raise _failed(image, error.msg, log) from None


def _failed(image: Image, said: str, log: logs.Log) -> BootmatrixError:
    """The Dockerfile's mistake, unless a network, a mirror or a disk failed."""
    line, told = log.error()
    what = f"the image {image.name} failed to build"
    problem = Problem(f"{what}: {line or said}", remedy=f"{printable(said)}\n    {told}" if line else told)
    words = "\n".join([said, *log.last()])
    ours = NETWORK.search(words) or disk.told_in(words)
    return (InfrastructureError if ours else UserError)(problem)


def _follow(
    image: Image,
    context: IO[bytes],
    arguments: dict[str, str],
    stop: threading.Event,
    write: Callable[[bytes], None],
    say: Callable[[str], None],
) -> None:
    import docker.errors  # noqa: PLC0415

    memory = host.most_memory()
    lines = engine.client(patient=True).build(
        fileobj=context,
        custom_context=True,
        tag=image.tag,
        buildargs=arguments,
        labels={LABEL: image.name, BASES: json.dumps(bases.identities(image))},
        rm=True,
        forcerm=True,
        decode=True,
        use_config_proxy=True,
        container_limits={"memory": memory, "memswap": memory},
    )
    with engine.streaming(lines):
        error = _followed(image, lines, stop, write, say)
    if error:
        raise docker.errors.BuildError(error, iter(()))


def _followed(
    image: Image,
    lines: Iterable[Any],
    stop: threading.Event,
    write: Callable[[bytes], None],
    say: Callable[[str], None],
) -> str:
    """The first error that the engine tells, empty if none; UserError if there is no end."""
    error, until = "", time.monotonic() + LONGEST
    for line in lines:
        if time.monotonic() > until:
            remedy = "move what takes so long into a base, or into a build"
            raise UserError(
                Problem(f"the image {image.name} was not built within {human_time(LONGEST)}", remedy=remedy)
            )
        if stop.is_set():
            raise InfrastructureError(f"the build of the image {image.name} was interrupted")
        text = str(line.get("stream") or line.get("status") or line.get("error") or "")
        write(text.encode("utf-8", "replace"))
        error = error or str(line.get("error") or "").strip()
        if last := logs.lines(text[-logs.LONGEST :].encode("utf-8", "replace"), 1):
            say(last[0])
    return error


def _context(image: Image) -> IO[bytes]:
    """What the Dockerfile sees: all that is in the image's key, but for what .dockerignore names."""
    from docker.utils.build import create_archive, exclude_paths  # noqa: PLC0415

    ignored = os.path.lexists(image.folder / ".dockerignore")
    lines = folder.text_of(image.folder, ".dockerignore").splitlines() if ignored else []
    try:
        allowed = exclude_paths(str(image.folder), [line.strip() for line in lines if line.strip() and line[0] != "#"])
        names = sorted(allowed & set(keys.source_files(image.folder)))
        archive: Any = create_archive(
            root=str(image.folder), files=names, extra_files=[("Dockerfile", folder.dockerfile(image.folder))]
        )
    except OSError as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error  # docker wraps it in its own words
        if disk.is_full(cause):
            raise disk.full(tempfile.gettempdir(), cause) from None
        raise keys.unreadable(image.folder, cause) from None
    return archive  # type: ignore[no-any-return]
