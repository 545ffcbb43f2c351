"""Images made and found: the second needs only its content's key, the first a base and the Dockerfile's commands."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from bootmatrix import bases, keys, toolchain
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.places import engine

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from bootmatrix.toolchain import Image

LAST_LINES = 25
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
    kept = json.loads((found["Config"].get("Labels") or {}).get(BASES, "{}"))
    return all(kept.get(name, known) == known for name, known in bases.identities(image).items())


def make(image: Image, log: Path, stop: threading.Event, say: Callable[[str], None]) -> None:
    """Build the image, its log streamed to `say` and into the file `log`; raises InfrastructureError or UserError."""
    import docker.errors  # noqa: PLC0415

    arguments = {**dict(image.args), **bases.provide(image, stop, say)}
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("w", encoding="utf-8", errors="replace") as file:
            _follow(image, arguments, stop, file.write, say)
    except docker.errors.APIError as error:
        raise InfrastructureError(f"the engine cannot build {image.name}: {engine.reason(error)}") from None
    except docker.errors.BuildError as error:
        lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        what = f"the image {image.name} failed to build: {error.msg}"
        problem = Problem(what, remedy="\n    ".join([f"the last lines of {log}:", *lines]))
        network = any(NETWORK.search(line) for line in [error.msg, *lines])
        raise (InfrastructureError if network else UserError)(problem) from None


def _follow(
    image: Image,
    arguments: dict[str, str],
    stop: threading.Event,
    write: Callable[[str], Any],
    say: Callable[[str], None],
) -> None:
    import docker.errors  # noqa: PLC0415

    lines = engine.client(patient=True).build(
        fileobj=_context(image),
        custom_context=True,
        tag=image.tag,
        buildargs=arguments,
        labels={LABEL: image.name, BASES: json.dumps(bases.identities(image))},
        rm=True,
        forcerm=True,
        decode=True,
        use_config_proxy=True,
    )
    for line in lines:
        if stop.is_set():
            raise InfrastructureError(
                f"the image {image.name} was interrupted"
            )  # the engine ends it with the connection
        text = str(line.get("stream") or line.get("status") or line.get("error") or "")
        write(text)
        if "error" in line:
            raise docker.errors.BuildError(str(line["error"]).strip(), iter(()))
        if text.strip():
            say(text.strip().splitlines()[-1])


def _context(image: Image) -> Any:
    """What the Dockerfile sees: all that is in the image's key, but for what .dockerignore names."""
    from docker.utils.build import create_archive, exclude_paths  # noqa: PLC0415

    ignored = os.path.lexists(image.folder / ".dockerignore")
    lines = toolchain.text_of(image.folder, ".dockerignore").splitlines() if ignored else []
    allowed = exclude_paths(str(image.folder), [line.strip() for line in lines if line.strip() and line[0] != "#"])
    files = sorted(allowed & set(keys.source_files(image.folder)))
    return create_archive(root=str(image.folder), files=files)
