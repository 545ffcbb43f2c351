"""Checks that the container engine shares this machine's file system: else it can take no build and no boot."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import socket
import struct
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import files, host, keys
from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.places.containers import engine, settings
from bootmatrix.places.place import Mount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import APIClient

SEEN, TOKEN = "/seen", "token"  # a folder inside a container, and a file in it
PEER = struct.Struct("3i")  # struct ucred of unix(7): process, user, group
REMEDY = (
    "the engine runs on another machine or in another container: run bootmatrix where the engine runs; or mount the "
    "same folders under the same paths in both (docker run --volume X:X), the repository's and that of "
    "BOOTMATRIX_CACHE; or use --engine host"
)


def check() -> None:
    """Raises InfrastructureError if the engine does not see the cache's folder as we do. Asked once for each engine."""
    if _is_near():
        return
    known = host.cache() / "sight" / _key()
    if files.is_plain(known):
        return
    if trouble := _trouble():
        what = f"the container engine at {engine.where()} does not see this machine's files: {trouble}"
        raise InfrastructureError(Problem(what, remedy=REMEDY))
    with contextlib.suppress(OSError):
        files.write(files.folder(host.cache(), "sight") / known.name, "")


def _key() -> str:
    """Changes with the engine, with this host's boot, and with the mounts that we see."""
    return keys.of(engine.info().get("ID"), engine.where(), host.boot_id(), os.readlink("/proc/self/ns/mnt"))  # noqa: PTH115


def _is_near() -> bool:
    """Whether the process at the other end of the engine's socket has our own mounts, which is sure and costs nothing.

    Not the service manager, which listens for an engine that it starts with mounts of its own.
    """
    path = engine.where().removeprefix("unix://")
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as end:
        end.connect(path)
        process, _, _ = PEER.unpack(end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))
        if process > 1:
            return _mounts(str(process)) == _mounts("self")
    return False


def _mounts(process: str) -> tuple[str, int, int]:
    """The mount namespace of a process, and its root in it."""
    root = Path("/proc", process, "root").stat()
    return os.readlink(f"/proc/{process}/ns/mnt"), root.st_dev, root.st_ino  # noqa: PTH115  # a link of the kernel's


def _trouble() -> str:
    """Let the engine mount a folder of ours and read a file in it; why that did not go well, empty if it did."""
    host.mark_as_cache(host.cache())
    with tempfile.TemporaryDirectory(prefix="sight-", dir=host.cache()) as folder:
        secret = secrets.token_hex(16)
        Path(folder, TOKEN).write_text(secret)
        try:
            with _mounted(engine.client(), Path(folder)) as container:
                return "" if _read(engine.client(), container) == secret else f"{folder} is a different folder there"
        except InfrastructureError as error:
            return f"when asked for {folder}, it answered {error}"


@contextlib.contextmanager
def _mounted(api: APIClient, folder: Path) -> Iterator[str]:
    """A container that is never started, of an image with nothing in it: its mounts can be read all the same."""
    with engine.speaking("it cannot create an empty image"):
        image = engine.imported(_nothing())
    try:
        with engine.speaking("it answers"):
            settings_ = api.create_host_config(network_mode="none", mounts=[settings.bind(Mount(folder, SEEN))])
            container = str(api.create_container(image=image, command=["none"], host_config=settings_)["Id"])
        try:
            yield container
        finally:
            engine.remove(container)
    finally:
        with contextlib.suppress(InfrastructureError), engine.speaking("the empty image cannot be removed"):
            api.remove_image(image, force=True)


def _nothing() -> bytes:
    """An archive with one empty folder: an engine imports none without anything."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo(SEEN.strip("/"))
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(entry)
    return made.getvalue()


def _read(api: APIClient, container: str) -> str:
    """The token as the engine sees it, bounded; empty if it sees none."""
    with engine.speaking("it answers"):
        chunks, _ = api.get_archive(container, f"{SEEN}/{TOKEN}")
        raw = b"".join(chunk for chunk, _ in zip(chunks, range(16), strict=False))
    with contextlib.suppress(tarfile.TarError, KeyError), tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        found = archive.extractfile(TOKEN)
        return found.read(64).decode("ascii", "replace") if found else ""
    return ""
