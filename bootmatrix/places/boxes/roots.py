"""The root file system of an image as one file, which a box can mount: made once for each image, and kept."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from bootmatrix import disk, files, host, keys, locks, uses
from bootmatrix.errors import InfrastructureError, printable
from bootmatrix.places.containers import engine, settings
from bootmatrix.places.place import Job, Mount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.places.containers.pool import Pool

KIND = "root"  # of what is kept, for `gc`
NAME = "root.squashfs"
LONGEST = 300  # characters of what the packer says that are passed on
SECONDS = 900.0  # for an image of some gigabytes, on a busy host
PACKED = "packed"
PACK = f"tar2sqfs --quiet --force --compressor lz4 /out/{NAME} </in.tar 2>&1 && echo {PACKED}; true"


def folder() -> Path:
    """Where they are, each in a folder of its own; a box sees all of them."""
    return host.cache() / f"{KIND}s"


def of(image: str, box: str, pool: Pool) -> str:
    """The name of an image's root below `folder()`; `box` is the image that has what packs it.

    Raises InfrastructureError if the engine does not hand it out, Fatal if the disk takes no more.
    """
    key = keys.of(engine.image_id(image), KIND)
    target = folder() / key
    uses.mark(KIND, key, f"root of {image}")
    with locks.held(f"root {key}", pool.stop):
        if not (target / NAME).is_file():
            try:
                folder().mkdir(parents=True, exist_ok=True)
                with files.scratch(f".{key}-", folder()) as scratch:
                    _pack(image, box, pool, scratch)
                    files.remove(target)
                    (scratch / "out").rename(target)
            except OSError as error:
                raise disk.full(folder(), error) from None
    return f"{key}/{NAME}"


def _pack(image: str, box: str, pool: Pool, scratch: Path) -> None:
    tar, out = scratch / "root.tar", scratch / "out"
    out.mkdir(mode=0o755)
    _export(image, pool, tar)
    mounts = (Mount(tar, "/in.tar"), Mount(out, "/out", writable=True))
    job = Job(("sh", "-c", PACK), f"the root file system of {image} for a box", mounts=mounts, trusted=True)
    left = os.statvfs(out)
    said = pool.printed(box, job, SECONDS, 1 << 16).decode("utf-8", "replace").strip()
    if said != PACKED:
        if left.f_bavail * left.f_frsize < tar.stat().st_size:  # of which the packer says "I/O error"
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        why = printable(said.replace("\n", "; ")[-LONGEST:]) or "what packs it says nothing"
        raise InfrastructureError(f"the root file system of {image} cannot be packed for a box: {why}")
    files.remove(tar)
    (out / NAME).chmod(0o444)


def _export(image: str, pool: Pool, tar: Path) -> None:
    """All files of an image, as the engine hands them out of a container that never runs."""
    what = f"the files of {image} cannot be had"
    with engine.speaking(what):
        labels = {settings.LABEL: pool.run}
        made = str(engine.client().create_container(image=image, command=["true"], labels=labels)["Id"])
    try:
        with tar.open("xb") as stream:
            for chunk in _handed_out(made, what):
                stream.write(chunk)
    finally:
        engine.remove(made)


def _handed_out(container: str, what: str) -> Iterator[bytes]:
    """What the engine says: of the disk on which the tar is written it knows nothing."""
    with engine.speaking(what):
        yield from engine.client(patient=True).export(container)
